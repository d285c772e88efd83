"""Hostile and foreign graphs: each is refused by one line that names the first fault."""

import resource
import sys
import time

import numpy as np
import pytest

from vits.errors import VitsError, VoiceError
from vits.interop.detect_format import read
from vits.interop.onnx.graph import read_graph

onnx = pytest.importorskip("onnx", reason="pip install 'vits[onnx]'")
helper, arrays = onnx.helper, onnx.numpy_helper


def node_of(model, kind, part=""):
    return next(n for n in model.graph.node if n.op_type == kind and part in n.name)


def tensor_of(model, part):
    return next(t for t in model.graph.initializer if part in t.name)


def attribute(node, key):
    return next(a for a in node.attribute if a.name == key)


def external(model):
    tensor = tensor_of(model, "decoder.pre.weight")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def loop(model):
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["x9"], body=body))


def scan(model):
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Scan", [], ["x9"], body=body, num_scan_inputs=1))


def nested_ifs(model):
    """Nest graphs so that a walk of all branches would take 2^20 steps."""
    inner = helper.make_graph([], "leaf", [], [])
    for depth in range(20):
        node = helper.make_node("If", ["c"], [f"o{depth}"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], f"g{depth}", [], [])


def huge(model):
    tensor = tensor_of(model, "text_encoder.embedding.weight")
    tensor.dims[0] = 1 << 40


def claims_more(model):
    tensor_of(model, "text_encoder.embedding.weight").dims[0] = 100_000


def cyclic(model):
    node = node_of(model, "Conv", "decoder/pre")
    node.input[0] = model.graph.node[-1].output[0]


def twice(model):
    node = node_of(model, "Conv", "decoder/pre")
    node.output[0] = model.graph.node[0].output[0]


def stride(model):
    attribute(node_of(model, "Conv", "decoder/blocks.0"), "strides").ints[0] = 2


def rate(model):
    attribute(node_of(model, "ConvTranspose"), "strides").ints[0] = 4


def dilation(model):
    attribute(node_of(model, "Conv", "decoder/blocks.0"), "dilations").ints[0] = 7


def groups(model):
    attribute(node_of(model, "Conv", "decoder/pre"), "group").i = 3


def pads(model):
    attribute(node_of(model, "Conv", "decoder/pre"), "pads").ints[0] = 9


def two_dimensions(model):
    attribute(node_of(model, "Conv", "decoder/pre"), "strides").ints.append(1)


def auto_pad(model):
    node_of(model, "Conv", "decoder/pre").attribute.append(
        helper.make_attribute("auto_pad", "SAME_UPPER")
    )


def integers(model):
    node_of(model, "Conv", "decoder/pre").op_type = "ConvInteger"


def dynamic_int8(model):
    model.graph.node.insert(0, helper.make_node("DequantizeLinear", ["a", "b"], ["c"]))


def missing(model):
    tensor = tensor_of(model, "decoder.pre.weight")
    tensor.name = "elsewhere"
    node_of(model, "Conv", "decoder/pre").input[1] = "elsewhere"
    model.graph.node.remove(node_of(model, "Conv", "decoder/pre"))
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name == "/core/decoder/pre/Conv_output_0":
                node.input[place] = "input"


def not_a_number(model):
    tensor = tensor_of(model, "decoder.pre.bias")
    tensor.raw_data = np.full(tuple(tensor.dims), np.nan, np.float32).tobytes()


def strings(model):
    tensor = tensor_of(model, "decoder.pre.bias")
    tensor.data_type = onnx.TensorProto.STRING
    tensor.ClearField("raw_data")


def other_architecture(model):
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("text_encoder", "front")
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = name.replace("text_encoder", "front")
        for place, name in enumerate(node.output):
            node.output[place] = name.replace("text_encoder", "front")


def describe(text):
    def change(model):
        del model.metadata_props[:]
        model.metadata_props.add(key="vits.voice", value=text)

    return change


def many_nodes(model):
    del model.graph.node[:]
    model.graph.node.extend([onnx.NodeProto()] * 120_000)


def large_nodes(model):
    model.graph.node[0].doc_string = "x" * (9 << 20)


def large_metadata(model):
    model.metadata_props.add(key="x", value="y" * (33 << 20))


def own_operation(model):
    body = [helper.make_node("Neg", ["x"], ["y"])]
    opsets = [helper.make_opsetid("", 15)]
    model.functions.append(helper.make_function("own", "Tanh2", ["x"], ["y"], body, opsets))
    node = node_of(model, "Tanh")
    node.op_type, node.domain = "Tanh2", "own"


def other_domain(model):
    node_of(model, "Tanh").domain = "com.example"


def stored_twice(model):
    tensor = onnx.TensorProto()
    tensor.CopyFrom(tensor_of(model, "decoder.pre.bias"))
    model.graph.initializer.append(tensor)


def numbers_twice(model):
    tensor = tensor_of(model, "decoder.pre.bias")
    tensor.float_data.extend([1.0] * tensor.dims[0])


def slope(model):
    attribute(node_of(model, "LeakyRelu", "decoder"), "alpha").f = 0.9


def kernel(model):
    attribute(node_of(model, "Conv", "decoder/pre"), "kernel_shape").ints[0] = 1 << 30


def output_shape(model):
    node = node_of(model, "ConvTranspose")
    node.attribute.append(helper.make_attribute("output_shape", [1 << 30]))


def cut_kernel(model):
    tensor_of(model, "decoder.pre.weight").dims[0] = -5


def output_padding(model):
    node = node_of(model, "ConvTranspose")
    node.attribute.append(helper.make_attribute("output_padding", [3]))


def other_axis(model):
    attribute(node_of(model, "Softmax"), "axis").i = 1


def gate_without_tanh(model):
    node_of(model, "Tanh").op_type = "Identity"


def doubled(model):
    output = model.graph.output[0].name
    (node,) = [node for node in model.graph.node if output in node.output]
    node.output[list(node.output).index(output)] = "quiet"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(2, np.float32), "two"))
    model.graph.node.append(helper.make_node("Mul", ["quiet", "two"], [output], "louder"))


def added(model):
    doubled(model)
    node = model.graph.node[-1]
    node.op_type, node.input[1] = "Add", "quiet"


def sparse(model):
    tensor = tensor_of(model, "decoder.pre.bias")
    model.graph.initializer.remove(tensor)
    values = helper.make_tensor(tensor.name, onnx.TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("i", onnx.TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [1 << 40]))


MOST_MEMORY = 1 << 20  # kilobytes
CASES = {
    external: "stored in another file, which is not opened",
    loop: r"\(Loop\) repeats a part of the graph",
    scan: r"\(Scan\) repeats a part of the graph",
    huge: "impossible shape",
    claims_more: "claims 1600000 numbers, but holds",
    cyclic: "is used before it is made",
    twice: "is made twice",
    stride: r"decoder\.blocks\.0\.1\.dilated\.0 has stride, dilation and groups 2, 2, 1",
    rate: r"decoder\.upsamplers\.0 has stride, dilation and groups 4, 1, 1",
    dilation: r"decoder\.blocks\.0\.1\.dilated\.0 has stride, dilation and groups 1, 7, 1",
    groups: r"decoder\.pre has stride, dilation and groups 1, 1, 3",
    pads: r"decoder\.pre .* the padding 9, 3",
    two_dimensions: "has strides that no VITS has",
    auto_pad: "has auto_pad that no VITS has",
    integers: r"\(ConvInteger\) computes with 8-bit weights",
    dynamic_int8: r"\(DequantizeLinear\) computes with 8-bit weights",
    missing: r"lacks tensor decoder\.pre\.weight",
    not_a_number: r"NaN or infinite values in tensor decoder\.pre\.bias",
    strings: "unknown number type",
    other_architecture: "it is not a VITS, or an unknown program wrote it",
    describe("{"): "is not valid JSON",
    describe('{"format": 1}'): "must have exactly the keys",
    many_nodes: "more than 100,000 parts",
    large_nodes: "8 MiB of nodes",
    large_metadata: "too much beside its graph",
    own_operation: "defines an operation of its own, Tanh2",
    other_domain: r"\(Tanh\) has the unknown domain com\.example",
    stored_twice: r"decoder\.pre\.bias is stored twice",
    numbers_twice: r"decoder\.pre\.bias holds its numbers twice",
    slope: r"\(LeakyRelu\) has the slope 0\.9; a VITS has 0\.1, and 0\.01 at the end",
    kernel: r"\(Conv\) has the kernel_shape \[1073741824\], but its weight has \[7\]",
    output_shape: "has output_shape that no VITS has",
    cut_kernel: "impossible shape",
    output_padding: "has output_padding that no VITS has",
    sparse: "is used before it is made",
    other_axis: r"\(Softmax\) has the axis 1; a VITS has the last",
    gate_without_tanh: r"\(Sigmoid\) has no tanh to gate",
    doubled: r"louder \(Mul\) has a place after the decoder, where a VITS changes nothing",
    added: r"louder \(Add\) has a place after the decoder, where a VITS changes nothing",
}


@pytest.mark.parametrize(
    ("change", "message"), CASES.items(), ids=[change.__name__ for change in CASES]
)
def test_a_hostile_graph_is_refused_by_one_line(edited, change, message, monkeypatch):
    path = edited(change)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # nothing is run
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(VitsError, match=message) as caught:
        read(path)
    assert time.perf_counter() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"hello, world" * 99, b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 30]
)
def test_another_file_is_refused(tmp_path, data):
    path = tmp_path / "x.onnx"
    path.write_bytes(data)
    with pytest.raises(VoiceError):
        read(path)


def test_a_cut_file_is_refused(piper_graph, tmp_path):
    path = tmp_path / "x.onnx"
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(piper_graph[0][: int(len(piper_graph[0]) * share)])
        with pytest.raises(VoiceError, match=r"damaged|claims"):
            read_graph(path).tensor("core.model.decoder.pre.weight")


def test_conditions_are_not_entered(edited):
    """A graph with an ``If`` is read: exporters write them, and nothing of it is run."""
    inner = helper.make_graph([], "leaf", [], [])
    for depth in range(12):
        node = helper.make_node("If", ["c"], [f"o{depth}"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([node], f"g{depth}", [], [])

    def change(model):
        model.graph.initializer.append(arrays.from_array(np.array(True), "c"))
        model.graph.node.append(
            helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
        )

    assert read(edited(change)).format == "onnx"


def test_names_of_nodes_do_not_matter_where_the_tensors_kept_theirs(edited, piper_graph):
    def change(model):
        for number, node in enumerate(model.graph.node):
            node.name = f"node {number}"

    found = read(edited(change)).bundle.generator.state_dict()
    expected = read(edited(lambda model: None)).bundle.generator.state_dict()
    assert found.keys() == expected.keys()
    assert all((found[name] == value).all() for name, value in expected.items())


def test_half_precision_is_widened(edited):
    def change(model):
        for tensor in model.graph.initializer:
            if "decoder.pre." in tensor.name:
                values = arrays.to_array(tensor).astype(np.float16)
                tensor.CopyFrom(arrays.from_array(values, tensor.name))

    found = read(edited(change)).bundle.generator.state_dict()["decoder.pre.bias"]
    expected = read(edited(lambda model: None)).bundle.generator.state_dict()["decoder.pre.bias"]
    assert (found == expected.half().float()).all()


def test_weights_in_a_list_of_numbers_are_read(edited):
    def change(model):
        tensor = tensor_of(model, "decoder.pre.bias")
        values = arrays.to_array(tensor)
        tensor.ClearField("raw_data")
        tensor.float_data.extend(values.tolist())
        change.values = values

    path = edited(change)
    found = read(path).bundle.generator.state_dict()["decoder.pre.bias"]
    assert (found.numpy() == change.values).all()
