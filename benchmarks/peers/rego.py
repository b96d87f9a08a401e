"""Rego: the policy in `policy.rego`, with each candidate's line as the input."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

POLICY = Path(__file__).with_name("policy.rego")
RULE = "data.customer_service.verdicts"


def by_regorus(source: str, target: str) -> None:
    """Decide with regorus' interpreter."""
    engine = import_module("regorus").Engine()
    engine.add_policy_from_file(str(POLICY))

    def verdicts(line: str) -> str:
        engine.set_input_json(line)
        return " ".join(engine.eval_rule_as_json(RULE).split())

    decide(source, target, verdicts)


def by_regorus_vm(source: str, target: str) -> None:
    """Decide with regorus' virtual machine, for which the policy is compiled."""
    regorus = import_module("regorus")
    modules = [(POLICY.name, POLICY.read_text(encoding="utf-8"))]
    program = regorus.Program.compile_from_modules("{}", modules, [RULE])
    machine = regorus.Rvm()
    machine.load_program(program)
    machine.set_data_json("{}")

    def verdicts(line: str) -> str:
        machine.set_input_json(line)
        return " ".join(machine.execute_entry_point(RULE).split())

    decide(source, target, verdicts)


def by_rego_cpp(source: str, target: str) -> None:
    """Decide with rego-cpp, for which the policy is compiled."""
    interpreter = import_module("regopy").Interpreter()
    interpreter.add_module("policy", POLICY.read_text(encoding="utf-8"))
    bundle = interpreter.build(None, [RULE.removeprefix("data.").replace(".", "/")])

    def verdicts(line: str) -> str:
        interpreter.set_input_term(line)
        output = interpreter.query_bundle_entrypoint(bundle, RULE.removeprefix("data.").replace(".", "/"))
        return json.dumps(json.loads(str(output))["expressions"][0])

    decide(source, target, verdicts)


def decide(source: str, target: str, verdicts: Callable[[str], str]) -> None:
    """Write the verdicts on each line."""
    with open(source, encoding="utf-8") as lines, open(target, "w", encoding="utf-8") as out:
        for line in lines:
            name = json.dumps(json.loads(line)["candidate"])
            out.write(f'{{"candidate": {name}, "verdicts": {verdicts(line)}}}\n')
