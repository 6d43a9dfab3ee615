"""The samples and the schemas agree, and the samples leave no constraint of a request untried."""

from __future__ import annotations

from collections import Counter

from umapi_samples import REQUEST_SCHEMAS, Judge, Sample, all_samples


def test_valid_sample_is_accepted(valid_sample: Sample, judge: Judge) -> None:
    """Every documented sample satisfies the schema of its definition."""
    assert judge.violations(valid_sample.definition, valid_sample.data) == []


def test_invalid_sample_is_refused_where_and_as_it_says(invalid_sample: Sample, judge: Judge) -> None:
    """The first violation of every invalid sample is at its pointer, with its code."""
    found = judge.violations(invalid_sample.definition, invalid_sample.data)
    assert [(first.pointer, first.code) for first in found[:1]] == [(invalid_sample.pointer, invalid_sample.code)]


def test_sample_stands_in_the_folder_of_its_schema(judge: Judge) -> None:
    """A sample is found in the folder named after the file that defines it."""
    strays = [str(sample) for sample in all_samples() if _file(judge, sample) != sample.file]
    assert strays == []


def test_samples_have_names_of_their_own() -> None:
    """No two samples of a definition, valid or invalid alike, share a name."""
    counts = Counter((sample.valid, str(sample)) for sample in all_samples())
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_definition_has_samples(judge: Judge) -> None:
    """Every titled definition has at least two valid and two invalid samples, or all there can be."""
    counts = Counter((sample.definition, sample.valid) for sample in all_samples())
    only_one_is_possible = {("DeleteUserGroup", True)}
    wanted = {(definition, valid) for definition in judge.references for valid in (True, False)}
    assert {key for key in wanted if counts[key] < (1 if key in only_one_is_possible else 2)} == set()


def test_every_error_line_is_provoked(judge: Judge) -> None:
    """Every line of `x-umapi-errors` in the request schemas is what some invalid sample breaks, with its code."""
    provoked = {
        (found.line, found.code)
        for sample in all_samples()
        if not sample.valid
        for found in judge.violations(sample.definition, sample.data)
        if (found.pointer, found.code) == (sample.pointer, sample.code)
    }
    lines = {line for file in REQUEST_SCHEMAS for line in judge.lines(file)}
    assert lines - provoked == set()


def test_every_violation_of_a_request_has_a_code(judge: Judge) -> None:
    """Whatever an invalid sample of a request breaks, the schema names the service's code for it."""
    silent = [
        (str(sample), found.line)
        for sample in all_samples()
        if not sample.valid and sample.file in REQUEST_SCHEMAS and sample.definition != "IdentityType"
        for found in judge.violations(sample.definition, sample.data)
        if found.code is None
    ]
    assert silent == []


def _file(judge: Judge, sample: Sample) -> str:
    return judge.references[sample.definition].partition("#")[0]
