"""What another library prints, our decoder reads: python-escpos on its printer without a device."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from protocols.escpos import Slip, decode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from escpos.printer import Dummy
    from PIL import Image


@pytest.fixture
def printer() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield Dummy()


def printed(printer: Any) -> Slip:
    printer.cut()
    (slip,) = decode(printer.output)
    assert slip.unknown == ()
    return slip


def lines(printer: Any) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in printed(printer).lines if line.text]


def test_text_is_read(printer: Any) -> None:
    printer.textln("PRE-AUTHORISATION")
    printer.text("TOTAL 1.00\n\n")
    assert lines(printer) == [("text", "PRE-AUTHORISATION"), ("text", "TOTAL 1.00")]


def test_chinese_text_is_read(printer: Any) -> None:
    printer._raw("预授权完成\n".encode("gb18030"))
    assert lines(printer) == [("text", "预授权完成")]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"bold": True}, {"bold": True}),
        ({"align": "center"}, {"align": "center"}),
        ({"align": "right", "underline": 1}, {"align": "right", "underline": True}),
        ({"double_width": True, "double_height": True}, {"width": 2, "height": 2}),
        ({"custom_size": True, "width": 3, "height": 2}, {"width": 3, "height": 2}),
        ({"font": "b", "invert": True, "smooth": True, "flip": True, "density": 3}, {}),
    ],
)
def test_styles_are_read(printer: Any, settings: dict[str, Any], expected: dict[str, Any]) -> None:
    printer.set(**settings)
    printer.textln("x")
    style = printed(printer).lines[0].style
    assert {name: getattr(style, name) for name in expected} == expected


def test_defaults_are_read(printer: Any) -> None:
    printer.set(bold=True, align="right")
    printer.set_with_default()
    printer.textln("x")
    style = printed(printer).lines[0].style
    assert (style.bold, style.align, style.width) == (False, "left", 1)


@pytest.mark.parametrize("way", ["bitImageRaster", "graphics"])
def test_an_image_is_one_line_with_its_size(printer: Any, way: str) -> None:
    printer.image(Image.new("L", (24, 30), 0), impl=way)
    assert lines(printer) == [("image", "24 x 30")]


def test_an_image_in_columns_is_a_line_a_strip(printer: Any) -> None:
    printer.image(Image.new("L", (20, 48), 0), impl="bitImageColumn")
    assert lines(printer) == [("image", "20 columns"), ("image", "20 columns")]


def test_a_qr_code_of_the_printer_tells_its_text(printer: Any) -> None:
    printer.qr("https://example.org/预", native=True, size=5)
    assert lines(printer) == [("qr", "https://example.org/预")]


def test_a_qr_code_as_a_picture_is_a_picture(printer: Any) -> None:
    printer.qr("abc", native=False)
    assert [kind for kind, _ in lines(printer)] == ["image"]


@pytest.mark.parametrize(
    ("code", "form", "function", "read"),
    [
        ("4006381333931", "EAN13", "A", "4006381333931"),
        ("4006381333931", "EAN13", "B", "4006381333931"),
        ("{B12", "CODE128", "B", "{B12"),
    ],
)
def test_a_barcode_tells_its_digits(printer: Any, code: str, form: str, function: str, read: str) -> None:
    printer.barcode(code, form, function_type=function)
    assert lines(printer) == [("barcode", read)]


@pytest.mark.parametrize("mode", ["FULL", "PART"])
def test_each_cut_ends_a_slip(printer: Any, mode: str) -> None:
    for text in ("one", "two"):
        printer.textln(text)
        printer.cut(mode)
    assert [(slip.text.strip(), slip.cut) for slip in decode(printer.output)] == [("one", True), ("two", True)]


def test_drawer_buzzer_buttons_and_tabs_print_nothing(printer: Any) -> None:
    printer.hw("INIT")
    printer.cashdraw(2)
    printer.buzzer()
    printer.panel_buttons(False)
    printer.line_spacing(30)
    printer.control("HT")
    assert lines(printer) == []


def test_empty_lines_are_counted(printer: Any) -> None:
    printer.text("x\n")
    printer.print_and_feed(3)
    printer.ln(2)
    printer.cut(feed=False)
    (slip,) = decode(printer.output)
    assert slip.text == "x\n\n\n\n\n"
