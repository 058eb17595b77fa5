"""What the reference terminal's displays ask people for, by what it asks. facts/unionpay-pos 5.10, 5.13, 6 (wording).

Whoever stands at the bench follows these texts, and whoever judges reads them: a terminal of another maker has its own.
"""

from __future__ import annotations

INSERT = "请插卡"
INSERT_THE_CHIP = "芯片卡 请插卡"
"""After a swipe of a card whose stripe says that it has a chip."""
REMOVE = "请取卡"
INSERT_AGAIN = "读卡失败 请重新插卡"
SWIPE = "请刷卡"
SWIPE_AGAIN = "刷卡失败 请重新刷卡"
SWIPE_INSTEAD = "芯片读取失败 请刷卡"
CHOOSE = "请选择应用"
CONFIRM = "请确认应用"
PIN = "请输入密码"
PIN_AGAIN = "密码错 请重新输入"
LAST_TRY = "密码错 最后一次机会"
PIN_ONCE_MORE = "密钥已更新 请再次输入密码"
"""After a sign-on in the middle of a transaction: the PIN under the key before is worthless."""
TYPE_NUMBER = "请输入卡号"
SUPERVISOR = "请输入主管密码"

ASKED_FOR: dict[str, tuple[str, ...]] = {
    "insert the chip": (INSERT, INSERT_THE_CHIP),
    "insert the chip again": (INSERT_AGAIN,),
    "insert the chip after a swipe": (INSERT_THE_CHIP,),
    "remove the card": (REMOVE,),
    "swipe the card": (SWIPE, SWIPE_INSTEAD),
    "swipe the card after the chip": (SWIPE_INSTEAD,),
    "swipe the card again": (SWIPE_AGAIN,),
    "choose an application": (CHOOSE,),
    "confirm the application": (CONFIRM,),
    "PIN": (PIN,),
    "PIN again": (PIN_AGAIN, LAST_TRY),
    "last try": (LAST_TRY,),
    "PIN once more": (PIN_ONCE_MORE,),
    "card number": (TYPE_NUMBER,),
    "supervisor": (SUPERVISOR,),
}
"""What is asked for, in words, to the texts that ask for it. A text that begins so counts: choices follow on it."""


def asks_for(text: str, what: str) -> bool:
    """Whether a text on a display asks for this. Raises KeyError for what nothing asks for."""
    return text.startswith(ASKED_FOR[what])
