"""The few Kedro datasets that kedro-datasets lacks, each imported when it is first named."""

from importlib import import_module
from typing import Any

_MODULES = {
    "BaseModelsDataset": "model_directories",
    "FiguresDataset": "figures",
    "FolderDataset": "folder",
    "FoldersDataset": "folders",
    "FrameDataset": "frame",
    "JsonLinesDataset": "json_lines",
    "LanguageModelDataset": "language_model",
    "ModelCardsDataset": "model_cards",
    "ModelDirectoriesDataset": "model_directories",
    "ModelDirectoryDataset": "model_directory",
    "PackedBlocksDataset": "packed_blocks",
    "RecommendationTableDataset": "recommendation_table",
    "ResultsDataset": "results",
    "SearchLogsDataset": "search_logs",
    "SourceTextsDataset": "source_texts",
    "TableDataset": "table",
    "TaskLibraryDataset": "task_library",
    "TaskTablesDataset": "task_tables",
    "TextSourcesDataset": "text_sources",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
