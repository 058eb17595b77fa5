Feature: What a reader passes on
  A card is read through without a terminal: every command must reach it, and every answer come back, as they were.

  @C144
  Scenario: A card is read through, taken out, and another is read
    Given a credit card in the reader
    When the card in the reader is read through
    Then every command and answer passed unchanged
    When another debit card is in the reader
    And the card in the reader is read through
    Then every command and answer passed unchanged

  @C144
  Scenario Outline: The card is pulled in a command, and put in again
    Given a credit card in the reader
    And the card is pulled before its <nth> <command>
    When the card in the reader is read through
    Then the reader tells that the card was torn out at the <command>
    When another credit card is in the reader
    And the card in the reader is read through
    Then every command and answer passed unchanged

    Examples:
      | nth    | command     |
      | first  | SELECT      |
      | third  | READ RECORD |
      | first  | GENERATE AC |
