"""Run a coroutine to its end from ordinary code, a notebook's too, and end it when told to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from shoplm.launch import Terminated

T = TypeVar("T")


async def work_off(items: Iterable[T], workers: int, work: Callable[[T], Awaitable[bool]]) -> None:
    """So many workers take the items in turn; one ends when `work` of its item is false.

    The first error cancels the others and is raised.
    """
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            if not await work(item):
                return

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


def run_to_end(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run `main()`; Ctrl-C and, in the main thread, SIGTERM cancel it and are raised again.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    if _loop_runs():  # a notebook's, in this very thread
        _run_aside(main)
    else:
        asyncio.run(_until_terminated(main))


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_aside(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    problem: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except BaseException as error:
            problem.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="synthesis")
    thread.start()
    try:
        thread.join()
    except BaseException:  # interrupted
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    if problem:
        raise problem[0]


async def _until_terminated(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """`main()`, cancelled by SIGTERM unless somebody else handles it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    before = signal.getsignal(signal.SIGTERM)
    terminated: list[bool] = []

    def stop() -> None:
        terminated.append(True)
        task.cancel()

    ours = threading.current_thread() is threading.main_thread() and before is signal.SIG_DFL
    if ours:  # whoever has set a handler knows what to do
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        await main()
    except asyncio.CancelledError:
        if terminated:
            raise Terminated(128 + signal.SIGTERM) from None
        raise
    finally:
        if ours:
            loop.remove_signal_handler(signal.SIGTERM)
