"""Terminal verification results and their neighbours, bit by bit. EMV Book 3, Annex C; Book 4, Annex A2."""

from __future__ import annotations

from protocols.emv.bits import Bits


class Tvr(Bits):
    """Terminal verification results, tag 95. EMV Book 3, Annex C5"""

    ODA_NOT_PERFORMED = 0x80_00_00_00_00, "offline data authentication was not performed"
    SDA_FAILED = 0x40_00_00_00_00, "SDA failed"
    DATA_MISSING = 0x20_00_00_00_00, "ICC data missing"
    ON_EXCEPTION_FILE = 0x10_00_00_00_00, "card appears on terminal exception file"
    DDA_FAILED = 0x08_00_00_00_00, "DDA failed"
    CDA_FAILED = 0x04_00_00_00_00, "CDA failed"
    SDA_SELECTED = 0x02_00_00_00_00, "SDA selected"
    VERSIONS_DIFFER = 0x80_00_00_00, "ICC and terminal have different application versions"
    EXPIRED = 0x40_00_00_00, "expired application"
    NOT_YET_EFFECTIVE = 0x20_00_00_00, "application not yet effective"
    SERVICE_NOT_ALLOWED = 0x10_00_00_00, "requested service not allowed for card product"
    NEW_CARD = 0x08_00_00_00, "new card"
    CVM_FAILED = 0x80_00_00, "cardholder verification was not successful"
    UNKNOWN_CVM = 0x40_00_00, "unrecognised CVM"
    PIN_TRIES_EXCEEDED = 0x20_00_00, "PIN Try Limit exceeded"
    PINPAD_NOT_WORKING = 0x10_00_00, "PIN entry required and PIN pad not present or not working"
    PIN_NOT_ENTERED = 0x08_00_00, "PIN entry required and PIN pad present but PIN was not entered"
    ONLINE_PIN_ENTERED = 0x04_00_00, "online PIN entered"
    FLOOR_LIMIT_EXCEEDED = 0x80_00, "transaction exceeds floor limit"
    LOWER_LIMIT_EXCEEDED = 0x40_00, "lower consecutive offline limit exceeded"
    UPPER_LIMIT_EXCEEDED = 0x20_00, "upper consecutive offline limit exceeded"
    RANDOMLY_SELECTED = 0x10_00, "transaction selected randomly for online processing"
    FORCED_ONLINE = 0x08_00, "merchant forced transaction online"
    DEFAULT_TDOL_USED = 0x80, "default TDOL used"
    ISSUER_AUTHENTICATION_FAILED = 0x40, "issuer authentication failed"
    SCRIPT_FAILED_BEFORE = 0x20, "script processing failed before final GENERATE AC"
    SCRIPT_FAILED_AFTER = 0x10, "script processing failed after final GENERATE AC"

    @classmethod
    def size(cls) -> int:
        return 5


class Tsi(Bits):
    """Transaction status information, tag 9B. EMV Book 3, Annex C6"""

    ODA_PERFORMED = 0x80_00, "offline data authentication was performed"
    CVM_PERFORMED = 0x40_00, "cardholder verification was performed"
    CARD_RISK_PERFORMED = 0x20_00, "card risk management was performed"
    ISSUER_AUTHENTICATED = 0x10_00, "issuer authentication was performed"
    TERMINAL_RISK_PERFORMED = 0x08_00, "terminal risk management was performed"
    SCRIPTS_PROCESSED = 0x04_00, "script processing was performed"

    @classmethod
    def size(cls) -> int:
        return 2


class Aip(Bits):
    """Application interchange profile, tag 82. EMV Book 3, Annex C1"""

    SDA = 0x40_00, "SDA supported"
    DDA = 0x20_00, "DDA supported"
    CARDHOLDER_VERIFICATION = 0x10_00, "cardholder verification is supported"
    TERMINAL_RISK = 0x08_00, "terminal risk management is to be performed"
    ISSUER_AUTHENTICATION = 0x04_00, "issuer authentication is supported"
    CDA = 0x01_00, "CDA supported"

    @classmethod
    def size(cls) -> int:
        return 2


class UsageControl(Bits):
    """Application usage control, tag 9F07. EMV Book 3, Annex C2"""

    DOMESTIC_CASH = 0x80_00, "valid for domestic cash transactions"
    INTERNATIONAL_CASH = 0x40_00, "valid for international cash transactions"
    DOMESTIC_GOODS = 0x20_00, "valid for domestic goods"
    INTERNATIONAL_GOODS = 0x10_00, "valid for international goods"
    DOMESTIC_SERVICES = 0x08_00, "valid for domestic services"
    INTERNATIONAL_SERVICES = 0x04_00, "valid for international services"
    AT_ATM = 0x02_00, "valid at ATMs"
    NOT_AT_ATM = 0x01_00, "valid at terminals other than ATMs"
    DOMESTIC_CASHBACK = 0x80, "domestic cashback allowed"
    INTERNATIONAL_CASHBACK = 0x40, "international cashback allowed"

    @classmethod
    def size(cls) -> int:
        return 2


class Capabilities(Bits):
    """Terminal capabilities, tag 9F33. EMV Book 4, Annex A2"""

    KEY_ENTRY = 0x80_00_00, "manual key entry"
    STRIPE = 0x40_00_00, "magnetic stripe"
    CONTACT = 0x20_00_00, "IC with contacts"
    PLAIN_PIN = 0x80_00, "plaintext PIN for ICC verification"
    ONLINE_PIN = 0x40_00, "enciphered PIN for online verification"
    SIGNATURE = 0x20_00, "signature (paper)"
    ENCIPHERED_PIN = 0x10_00, "enciphered PIN for offline verification"
    NO_CVM = 0x08_00, "no CVM required"
    DOCUMENT = 0x01_00, "cardholder document"  # RFU in the books; PBOC's, likely
    SDA = 0x80, "SDA"
    DDA = 0x40, "DDA"
    CARD_CAPTURE = 0x20, "card capture"
    CDA = 0x08, "CDA"

    @classmethod
    def size(cls) -> int:
        return 3
