@needs_contactless
Feature: Cards in the field of a contactless reader
  The terminal of the bench has no contactless kernel: the reader is driven without it here, by the commands of a
  transaction up to the card's first cryptogram. What is judged is the reader alone.

  @C147
  Scenario Outline: The card leaves the field in a command
    Given a credit card in the field
    And the card leaves the field during its <nth> <command>
    When the card in the field is read through
    Then the reader tells that the card was torn out at the <command>
    When the card is back in the field
    And the card in the field is read through
    Then every command and answer passed unchanged

    Examples:
      | nth    | command                |
      | first  | SELECT                 |
      | second | SELECT                 |
      | first  | GET PROCESSING OPTIONS |
      | first  | READ RECORD            |
      | third  | READ RECORD            |
      | first  | GENERATE AC            |

  @C148
  Scenario: Two cards in the field from the beginning
    Given a credit card in the field
    And another debit card in the field, too
    When a reading of the cards in the field is tried
    Then no card was spoken to, or one alone
    When the second card leaves the field
    And the card in the field is read through
    Then every command and answer passed unchanged

  @C148
  Scenario: A second card comes when the first was read
    Given a credit card in the field
    When the card in the field is read through
    Then every command and answer passed unchanged
    When another debit card is held into the field
    And a reading of the cards in the field is tried
    Then no card was spoken to, or one alone
