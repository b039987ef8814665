"""The command group: names and one-line helps here, each command's code in a module of its own."""

import importlib

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("start", "Write a case folder to fill in."),
    "schema": ("start", "Print the JSON Schema of case.json."),
    "check": ("case", "Say what may go and why, and what is missing; nothing leaves."),
    "completeness": ("completeness", "Say what the reviewer needs, and where it is."),
    "export": ("case", "Export a case as a bundle (folder or .zip)."),
    "fetch": ("fetch", "Fetch images from an archive (PACS) into a case."),
    "deliver": ("deliver", "Deliver released images to the recipient's archive (PACS)."),
    "verify": ("bundle", "Say whether a bundle is intact, and by whom it is signed."),
    "import": ("bundle", "Turn a bundle back into a case folder."),
    "convert": ("convert", "Convert foreign files to FHIR inside your own walls."),
    "decide": ("decide", "Decide facts: one JSON line for each."),
    "custody": ("custody", "Say where slides and blocks are and what is overdue; record what happens to them."),
    "ledger": ("ledger", "Verify the ledger; account for disclosures; list what is due."),
    "workflow": ("workflow", "Show a request as it stands in FHIR, for your own systems."),
    "letter": ("letter", "Write the letters the law asks for: denial, extension, accounting, ..."),
    "validate": ("validate", "Validate files against FHIR R4."),
    "explain": ("explain", "Print the rules as the code holds them."),
}


class Lazy(click.Group):
    """A group whose commands live in modules that are imported on call."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"adapter.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(version("second-opinion-adapter"))
        ctx.exit()


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.option("--config", type=click.Path(), metavar="FILE", help="Settings file (default: ./second-opinion.toml).")
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Move a case for a second opinion in cancer diagnosis as FHIR R4, with a decision under the law before it leaves.

    Exit codes: 0 done, 1 failed, 2 usage, 3 the gate does not permit, 4 done but units were withheld or refused,
    5 try again.
    """
    ctx.obj = config
