"""Generate protos/gen from the contracts: messages, stubs and type stubs.

Usage: `make protos`, or `python protos/generate.py --check` to fail when the committed code is stale.
"""

import argparse
import filecmp
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from google.type import money_pb2

PROTOS = Path(__file__).resolve().parent
GENERATED = PROTOS / "gen"


def contracts() -> list[str]:
    """Every contract, relative to this folder."""
    return sorted(str(path.relative_to(PROTOS)) for path in PROTOS.glob("ecopledge/**/*.proto"))


def include_flags() -> list[str]:
    """Where protoc finds the contracts, google.protobuf and google.type."""
    well_known = files("grpc_tools") / "_proto"
    common = Path(money_pb2.__file__).parents[2]
    return [f"-I{PROTOS}", f"-I{well_known}", f"-I{common}"]


def protoc(*flags: str) -> None:
    """Run the compiler of grpcio-tools on all contracts."""
    bin_dir = Path(sys.executable).parent
    plugins = [
        f"--plugin=protoc-gen-{name}={bin_dir / f'protoc-gen-{name}'}" for name in ("mypy", "mypy_grpc")
    ]
    command = [sys.executable, "-m", "grpc_tools.protoc", *include_flags(), *plugins, *flags, *contracts()]
    subprocess.run(command, check=True, cwd=PROTOS)


def generate(into: Path) -> None:
    """Write all generated code below a folder that is emptied first."""
    package = into / "ecopledge"
    shutil.rmtree(package, ignore_errors=True)
    into.mkdir(parents=True, exist_ok=True)
    protoc(
        f"--python_out={into}", f"--grpc_python_out={into}", f"--mypy_out={into}", f"--mypy_grpc_out={into}"
    )
    for folder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text("")
    for path in package.rglob("*_grpc.py*"):
        if re.search(r"^service ", (PROTOS / contract_of(path, into)).read_text(), re.MULTILINE) is None:
            path.unlink()


def contract_of(path: Path, into: Path) -> Path:
    """The contract from which a generated gRPC module was made."""
    relative = path.relative_to(into)
    return relative.with_name(relative.name.split("_pb2_grpc")[0] + ".proto")


def stale_files() -> list[str]:
    """Generated files that differ from what the contracts give now."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh = {str(p.relative_to(scratch)) for p in Path(scratch).rglob("*") if p.suffix in {".py", ".pyi"}}
        committed = {
            str(p.relative_to(GENERATED)) for p in GENERATED.rglob("*") if p.suffix in {".py", ".pyi"}
        }
        both = fresh & committed
        _, differing, unreadable = filecmp.cmpfiles(scratch, GENERATED, sorted(both), shallow=False)
        return sorted({*(fresh ^ committed), *differing, *unreadable})


def descriptor_image(path: Path) -> None:
    """Write one descriptor set with sources and imports, for buf."""
    protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={path}")


def lint() -> int:
    """Lint the contracts with buf; the image makes it independent of a module registry."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contracts.binpb"
        descriptor_image(image)
        buf = Path(sys.executable).parent / "buf"
        root = PROTOS.parent
        return subprocess.run(
            [buf, "lint", str(image), "--config", str(root / "buf.yaml")], check=False, cwd=root
        ).returncode


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if protos/gen is stale")
    parser.add_argument("--lint", action="store_true", help="lint the contracts with buf")
    options = parser.parse_args()
    if options.lint:
        return lint()
    if options.check:
        stale = stale_files()
        for name in stale:
            sys.stderr.write(f"protos/gen/{name} is stale; run `make protos`\n")
        return 1 if stale else 0
    generate(GENERATED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
