"""The command for resumes: `itss intake resume`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from itss_logic.console import UNUSABLE, as_json_text, count, warn, with_policy
from itss_logic.errors import printable

if TYPE_CHECKING:
    from itss_logic.intake.resume import Findings, Resumes
    from itss_logic.intake.resume_draft import Draft
    from itss_logic.policy import Policy

File = click.Path(exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=File)
@click.option("--candidate", metavar="ID", help="Id of the person; by default the e-mail of the resume, else the name.")
@click.option(
    "--answers", multiple=True, type=File, help="Questions that were filled in, to complete the draft; repeatable."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="File for the draft; by default standard output.")
@click.option("--questions", type=click.Path(dir_okay=False), help="YAML file for the questions that are left.")
@click.option("--lang", metavar="LANG", help="Language of the questions, such as en or ja.")
@click.option("--force", is_flag=True, help="Write over questions that are there.")
@with_policy
def resume(
    policy: Policy,
    file: str,
    candidate: str | None,
    answers: Sequence[str],
    output: str | None,
    questions: str | None,
    lang: str | None,
    force: bool,
) -> None:
    """Draft evidence from a JSON Resume, and ask a person what it cannot say.

    FILE is a resume of the standard's version 1 or of before. What it names beyond doubt is claimed in the draft. All
    else is a question; answers filled into the file of questions and given back complete the draft. Nothing is decided.
    """
    from itss_logic.intake.files import apart, free, put
    from itss_logic.intake.resume import Resumes
    from itss_logic.intake.resume_questions import write_questions
    from itss_logic.intake.writing import fits

    apart([file, *answers], [output, questions])
    if output is not None:
        fits(output, "json")
    if questions is not None:
        free(questions, force=force)
    resumes = Resumes(policy)
    words = resumes.words(lang)
    findings = resumes.read(_data(file), file, candidate)
    for notice in findings.notices:
        warn(str(notice))
    drafted = _drafted(resumes, findings, answers, file)
    if questions is not None:
        put(questions, write_questions(findings, drafted.left, policy.vocabulary, words))
    text = as_json_text(drafted.value, indent=1) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        put(output, text)
    _summary(findings, drafted, questions)
    if answers and questions and drafted.left:
        click.echo("to complete the draft, give back the answers so far as well: --answers is repeatable", err=True)


def _drafted(resumes: Resumes, findings: Findings, answers: Sequence[str], file: str) -> Draft:
    """The draft of a resume and of files of answers; the command ends here where these are refused."""
    from itss_logic.evidence import Refused
    from itss_logic.intake.resume_answers import Answers
    from itss_logic.intake.resume_draft import draft

    given = Answers(findings, resumes.vocabulary)
    for path in answers:
        given.read(path, _data(path))
    # The draft is the same whatever language the questions are in.
    drafted = draft(findings, given, resumes.vocabulary, resumes.words(), answers[0] if answers else file)
    if isinstance(drafted, Refused):
        click.echo("\n".join(map(str, drafted.refusals)), err=True)
        raise click.exceptions.Exit(UNUSABLE)
    return drafted


def _data(path: str) -> bytes:
    """A file, or so much of it that it can be told to be too large."""
    from itss_logic import limits

    with open(path, "rb") as stream:
        return stream.read(limits.FILE_BYTES + 1)


def _summary(findings: Findings, drafted: Draft, questions: str | None) -> None:
    """Say on standard error who it is about, what there is, and what was not used."""
    named = f"from {findings.named}" if findings.named.startswith("-") else f"the resume's {findings.named}"
    click.echo(f"candidate: {printable(findings.candidate)} ({named})", err=True)
    left = len(drafted.left)
    where = f" in {printable(questions)}" if questions else "; write them to a file with --questions" if left else ""
    click.echo(f"draft: {count(drafted.claims, 'claim')}; {count(left, 'question')} for a person{where}", err=True)
    if findings.unused:
        click.echo(f"not used, as it bears on nothing that is asked for: {', '.join(findings.unused)}", err=True)
