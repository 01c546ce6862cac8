"""Writes tests/goldens/cost/accelerator.json: what SCALE-Sim says about layers on systolic arrays.

It needs an environment of its own, for SCALE-Sim does not run with the newest NumPy:

    python -m venv venv-scalesim
    venv-scalesim/bin/pip install scalesim==3.0.0 'numpy<2.4'
    venv-scalesim/bin/python tests/goldens/generators/accelerator.py

Each layer is a network of docs/network-format.md with that one layer. SCALE-Sim is run through its public interface, in the
mode that estimates the bandwidth (InterfaceBandwidth: CALC), and its reports are read:

- `cycles`: "Total Cycles" − "Stall Cycles" of COMPUTE_REPORT.csv;
- `input_reads`, `filter_reads`, `output_writes`: SRAM accesses of DETAILED_ACCESS_REPORT.csv. Under the output-stationary
  dataflow SCALE-Sim 3.0.0 adds rows + columns to the writes of each fold (systolic_compute_os.py, the line below
  `np.flip`); they are given as reported.

SCALE-Sim knows neither padding nor dilation nor groups, and rounds the number of windows up. It is given the part of the
padded image that windows cover, (windows − 1)·stride + kernel rows and columns, and one group of the channels: a
depthwise layer is one layer with a single channel for each channel. All groups take equally long; one is run and `groups`
says how many there are. All figures are of one group.
"""

import contextlib
import csv
import importlib.metadata
import io
import json
import pathlib
import platform
import tempfile

from scalesim.scale_sim import scalesim

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "cost" / "accelerator.json"
GENERATED_BY = (
    f"tests/goldens/generators/accelerator.py, scalesim {importlib.metadata.version('scalesim')}, "
    f"numpy {importlib.metadata.version('numpy')}, python {platform.python_version()}"
)

DATAFLOWS = ["os", "ws", "is"]
# One array that divides most layers evenly, and one that divides none: 12×14 is that of Eyeriss (Chen et al. 2016).
ARRAYS = [(32, 32), (12, 14)]
SRAM_KIB = 64

CONFIGURATION = """[general]
run_name = run

[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: {kib}
FilterSramSzkB: {kib}
OfmapSramSzkB: {kib}
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: {dataflow}
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32

[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2

[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40

[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""


def conv(out_channels, kernel, stride=1, groups=1, dilation=1, padding="same"):
    return {
        "op": "conv2d",
        "out_channels": out_channels,
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
        "groups": groups,
        "padding": padding,
    }


def dense(out_features):
    return {"op": "dense", "out_features": out_features}


# Ten layers of at most 15 million MACs, of three networks: MLPerf Tiny's ResNet-8 and MobileNetV1-0.25 (Banbury et al. 2021)
# and SqueezeNet 1.1 (Iandola et al. 2016; torchvision). Name, shape of the input, layer.
LAYERS = [
    ("resnet-8: first layer", [3, 32, 32], conv(16, 3)),
    ("resnet-8: strided 3×3", [16, 32, 32], conv(32, 3, stride=2)),
    ("resnet-8: strided 1×1 shortcut", [32, 16, 16], conv(64, 1, stride=2)),
    ("resnet-8: dense", [64, 1, 1], dense(10)),
    ("vww-mobilenet: first layer, strided", [3, 96, 96], conv(8, 3, stride=2)),
    ("vww-mobilenet: depthwise", [8, 48, 48], conv(8, 3, groups=8)),
    ("vww-mobilenet: pointwise", [64, 12, 12], conv(64, 1)),
    ("vww-mobilenet: strided depthwise", [128, 6, 6], conv(128, 3, stride=2, groups=128)),
    ("squeezenet-1.1: squeeze", [128, 27, 27], conv(32, 1)),
    ("squeezenet-1.1: expand 3×3", [48, 13, 13], conv(192, 3)),
]

# Where the formulas could go wrong: sizes of one, one more and one less than the arrays, all that a convolution can be.
EDGES = [
    ("one multiplication", [1, 1, 1], dense(1)),
    ("a sum", [7, 1, 1], dense(1)),
    ("an outer product", [1, 5, 3], conv(9, 1)),
    ("as large as the array", [32, 4, 8], conv(32, 1)),
    ("one row and column more", [33, 3, 11], conv(33, 1)),
    ("one row and column less", [31, 1, 31], conv(31, 1)),
    ("twelve by fourteen", [12, 2, 6], conv(14, 1)),
    ("thirteen by fifteen", [13, 1, 13], conv(15, 1)),
    ("a rectangular kernel and stride", [1, 49, 10], conv(64, [10, 4], stride=2, padding=[4, 1, 5, 2])),
    ("a dilated kernel", [3, 11, 9], conv(5, 3, dilation=2, padding="valid")),
    ("a stride that leaves rows over", [2, 10, 10], conv(4, 3, stride=2, padding="valid")),
    ("a stride beyond the kernel", [5, 9, 7], conv(6, 1, stride=3)),
    ("groups of two channels", [6, 7, 7], conv(12, 3, groups=3)),
    ("a depthwise layer with two outputs a channel", [3, 6, 6], conv(6, 3, groups=3)),
    ("an even kernel", [4, 8, 8], conv(3, 2)),
    ("a series", [9, 1, 128], conv(16, [1, 5], stride=[1, 1])),
]


def pair(value):
    return value if isinstance(value, list) else [value, value]


def insets(layer):
    """Rows and columns of zeros: above and below, left and right."""
    padding = layer["padding"]
    if padding == "valid":
        return [0, 0]
    if padding == "same":
        return [d * (k - 1) for d, k in zip(pair(layer["dilation"]), pair(layer["kernel"]))]
    top, left, bottom, right = padding
    return [top + bottom, left + right]


def single_group(shape, layer):
    """Height, width, kernel height and width, channels, filters and stride of a group, and the number of groups."""
    channels, height, width = shape
    if layer["op"] == "dense":
        return [1, 1, 1, 1, channels * height * width, layer["out_features"], 1], 1
    kernel, stride, dilation = pair(layer["kernel"]), pair(layer["stride"]), pair(layer["dilation"])
    assert stride[0] == stride[1], "SCALE-Sim's topology files have one stride"
    sizes = []
    for size, added, k, s, d in zip([height, width], insets(layer), kernel, stride, dilation):
        windows = (size + added - d * (k - 1) - 1) // s + 1
        sizes.append((windows - 1) * s + k)
    groups = layer["groups"]
    return [*sizes, *kernel, channels // groups, layer["out_channels"] // groups, stride[0]], groups


def report(folder, name):
    with open(folder / "run" / name) as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def simulate(topologies, rows, columns, dataflow):
    """What SCALE-Sim reports of each layer."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "config.cfg").write_text(
            CONFIGURATION.format(rows=rows, columns=columns, kib=SRAM_KIB, dataflow=dataflow)
        )
        lines = [f"layer{number}, {', '.join(map(str, topology))}," for number, topology in enumerate(topologies)]
        (folder / "topology.csv").write_text("\n".join(["Layer, …,", *lines]) + "\n")
        (folder / "layout.csv").write_text("Layer,\n")
        with contextlib.redirect_stdout(io.StringIO()):
            scalesim(
                save_disk_space=True,
                verbose=False,
                config=str(folder / "config.cfg"),
                topology=str(folder / "topology.csv"),
                layout=str(folder / "layout.csv"),
            ).run_scale(top_path=str(folder))
        compute, access = report(folder, "COMPUTE_REPORT.csv"), report(folder, "DETAILED_ACCESS_REPORT.csv")
    assert len(compute) == len(access) == len(topologies)
    return [
        {
            "cycles": int(cycles["Total Cycles"]) - int(cycles["Stall Cycles"]),
            "input_reads": int(float(reads["SRAM IFMAP Reads"])),
            "filter_reads": int(float(reads["SRAM Filter Reads"])),
            "output_writes": int(float(reads["SRAM OFMAP Writes"])),
        }
        for cycles, reads in zip(compute, access)
    ]


def main():
    layers = [("layers", *layer) for layer in LAYERS] + [("edges", *edge) for edge in EDGES]
    cases = [
        {"set": group, "name": name, "network": {"input": shape, "layers": [layer]}}
        for group, name, shape, layer in layers
    ]
    topologies = []
    for case in cases:
        topology, case["groups"] = single_group(case["network"]["input"], case["network"]["layers"][0])
        topologies.append(topology)
        case["runs"] = []
    for rows, columns in ARRAYS:
        for dataflow in DATAFLOWS:
            for case, figures in zip(cases, simulate(topologies, rows, columns, dataflow)):
                case["runs"].append({"rows": rows, "columns": columns, "dataflow": dataflow, **figures})
            print(f"{rows}×{columns} {dataflow}", flush=True)
    GOLDEN.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    GOLDEN.write_text(f'{{"__generated_by__":{json.dumps(GENERATED_BY)},\n"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
