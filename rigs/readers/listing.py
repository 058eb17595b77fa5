"""The readers that PC/SC lists, and the one of them that is the rig's."""

from __future__ import annotations

from protocols.pcsc.codes import About, meaning
from protocols.pcsc.identity import NOT_OFFERED
from rigs.readers import fingerprint
from rigs.readers.choice import Listed, ReaderChoice, choose, named_like
from rigs.readers.settling import reader_gone
from rigs.readers.winscard import OK, Context, Handle, Winscard

NO_READERS = 0x8010002E


def names(library: Winscard, context: Context) -> list[str]:
    """None is no error; a service that is not there is ReaderGone."""
    code, listed = library.readers(context)
    if code not in (OK, NO_READERS) and meaning(code).about in (About.SERVICE, About.READER):
        raise reader_gone(meaning(code), "list readers")
    return listed


def describe(library: Winscard, context: Context, name: str) -> Listed:
    """What a reader tells to whoever asks it; one that is held exclusively tells nothing."""
    code, handle = library.connect_reader(context, name)
    if code != OK:
        return Listed(name)
    try:
        told = of_handle(library, handle)
    finally:
        library.disconnect(handle, unpower=False)
    known = {key: value for key, value in told.items() if value != NOT_OFFERED}
    return Listed(name, known.get("serial", ""), known.get("usb path", ""), {"name": name, **told})


def of_handle(library: Winscard, handle: Handle) -> dict[str, str]:
    """The reader's own words, over a connection that is open."""

    def attribute(tag: int) -> bytes | None:
        code, value = library.attribute(handle, tag)
        return value if code == OK else None

    def control(code: int, data: bytes, deadline_s: float | None = None) -> bytes | None:
        result, answer = library.control(handle, code, data)
        return answer if result == OK else None

    return fingerprint.of_reader(attribute, control)


def everything(library: Winscard, context: Context) -> list[Listed]:
    """All readers, each asked who it is."""
    return [describe(library, context, name) for name in names(library, context)]


def locate(library: Winscard, context: Context, choice: ReaderChoice) -> str:
    """The listed name of the reader that fits; nobody is asked who it is when its name alone says so.

    Raises ReaderGone and ConfigurationError as `choose` does.
    """
    listed = names(library, context)
    if not choice.serial and not choice.usb:
        fitting = [name for name in listed if named_like(choice.name, name)]
        if len(fitting) < 2:
            return choose([Listed(name) for name in fitting or listed], choice).name
    return choose([describe(library, context, name) for name in listed], choice).name
