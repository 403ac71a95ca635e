"""The import as a job: files, open data, deletion, and a process that is killed in the middle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.catalogue.sources import uploads
from core.catalogue.staging import stage
from core.catalogue.store import Catalogue
from core.errors import DataError, UnreadableFile
from core.jobs import Context, JobEvent, Jobs, Status, run_inline
from core.stages import REGISTRY
from core.storage.workspaces import Workspace


def run(
    workspace: Workspace, params: Mapping[str, Any], events: list[JobEvent] | None = None
) -> Mapping[str, Any]:
    listen = events.append if events is not None else None
    return run_inline(workspace, "import", REGISTRY, params, listen)


def kept(workspace: Workspace, text: str, name: str) -> str:
    (staged,) = stage(workspace, text.encode(), name)
    return staged.path.name


def test_a_file_is_imported_with_the_mapping_it_was_given(workspace: Workspace) -> None:
    file = kept(workspace, "a;b\n1;Moka pot\n2;Tea cup\n", "list.csv")
    mapping = {"kind": "products", "fields": {"id": "a", "title": "b"}}
    events: list[JobEvent] = []
    params = {"action": "file", "file": file, "name": "list.csv", "mapping": mapping, "source": "My list"}
    result = run(workspace, params, events)
    assert result["counts"]["products"] == 2
    (source,) = Catalogue(workspace).sources()
    assert (source.name, source.origin) == ("My list", "upload")
    assert [event.data["report"]["added"] for event in events if event.kind == "imported"] == [2]


def test_the_sample_and_deletion_run_as_jobs_and_twice_without_harm(workspace: Workspace) -> None:
    assert run(workspace, {"action": "sample"})["counts"]["products"] >= 180
    assert all(report["same_file"] for report in run(workspace, {"action": "sample"})["reports"])
    events = next(source for source in Catalogue(workspace).sources() if source.kind == "events")
    assert run(workspace, {"action": "delete", "source_id": events.id})["counts"]["events"] == 0
    assert run(workspace, {"action": "delete", "source_id": events.id})["deleted"] == 0


def test_open_data_from_files_that_were_uploaded(workspace: Workspace) -> None:
    header = "product_id\tproduct_name\tproduct_class\tproduct_description\tproduct_features\n"
    file = kept(workspace, header + "0\tbed\tBeds\tsolid\tcolor:red\n", "product.csv")
    result = run(workspace, {"action": "open-data", "dataset": "wands", "files": {"products": file}})
    assert result["counts"]["products"] == 1


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"action": "dance"}, DataError),
        ({"action": "open-data", "dataset": "wands"}, DataError),
        ({"action": "open-data", "dataset": "wands", "urls": {"products": "http://127.0.0.1/x"}}, DataError),
        ({"action": "file", "file": "../../workspace.db"}, UnreadableFile),
    ],
)
def test_what_cannot_be_imported_is_a_named_error(
    workspace: Workspace, params: Mapping[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(workspace, params)


def test_a_job_that_dies_between_chunks_goes_on_where_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "user,item,time\n" + "".join(f"u{n % 40},p{n},2024-05-03\n" for n in range(9_000))
    file = kept(workspace, text, "e.csv")
    params = {"action": "file", "file": file, "name": "e.csv"}
    saved = Context.save_checkpoint
    calls = 0

    def dying(self: Context, data: Mapping[str, Any], connection: Any = None) -> None:
        nonlocal calls
        calls += 1
        saved(self, data, connection)
        if calls == 4:
            raise KeyboardInterrupt  # rolls this chunk back, as a kill would

    monkeypatch.setattr(Context, "save_checkpoint", dying)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, params)
    monkeypatch.undo()
    begun = Catalogue(workspace).counts()["events"]
    assert 0 < begun < 9_000
    monkeypatch.setattr(Context, "load_checkpoint", lambda _self: _checkpoint_of_last(workspace))
    (report,) = run(workspace, params)["reports"]
    assert (report["added"], report["read"], report["unchanged"]) == (9_000, 9_000, 0)
    assert Catalogue(workspace).counts()["events"] == 9_000


def _checkpoint_of_last(workspace: Workspace) -> dict[str, Any] | None:
    from sqlalchemy import select

    from core.storage.tables import jobs

    with workspace.db.read() as connection:
        query = select(jobs.c.checkpoint).where(jobs.c.checkpoint.is_not(None)).order_by(jobs.c.created_at)
        found = connection.scalars(query).first()
    return dict(found) if found else None


def test_a_real_process_imports_and_its_report_can_be_read(workspace: Workspace) -> None:
    file = kept(workspace, "id,title\n1,Cup\n2,\n", "p.csv")
    jobs = Jobs(workspace)
    job = jobs.wait(jobs.submit("import", {"action": "file", "file": file, "name": "p.csv"}), 60)
    assert job.status is Status.DONE, job.error
    assert job.result is not None
    (report,) = job.result["reports"]
    assert (report["added"], report["quarantined"]) == (1, 1)
    assert uploads(workspace).joinpath(file).is_file()
