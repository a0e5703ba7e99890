# Every target makes the environment that it needs first.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export DO_NOT_TRACK := true

.PHONY: install demo test bench lint

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

demo: install
	$(BIN)/kedro run --pipelines=demo
	@$(BIN)/kedro viz build --include-previews >/dev/null
	@echo "Report:    data/08_reporting/report.html"
	@echo "Pages:     data/08_reporting/pretraining.html, tuning.html, instructions.html, mixing.html, recommendation.html, funnel.html"
	@echo "Lineage:   $(BIN)/kedro viz run, or $(BIN)/python -m http.server -d build"
	@echo "Tracking:  $(BIN)/mlflow ui --backend-store-uri sqlite:///data/tracking/mlflow.db"

test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=2

bench: install
	for bench in tests/benchmarks/*.py; do $(BIN)/python $$bench || exit 1; done

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
