Feature: The slip
  What both parties take away must be whole, right, and tell nobody the card number.

  @C174
  Scenario: Mandatory lines of a pre-authorisation
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then both copies are printed
    And each copy carries every mandatory line of a pre-authorisation
    And each copy says that it is no sale

  @C174
  Scenario: Mandatory lines of a completion
    Given a credit card in the reader
    And a hold of the usual amount
    When the merchant completes it for the full amount
    Then both copies are printed
    And each copy carries every mandatory line of a completion

  @C174
  Scenario: Mandatory lines of a cancel
    Given a credit card in the reader
    And a hold of the usual amount
    When the merchant cancels it
    Then both copies are printed
    And each copy carries every mandatory line of a cancel

  @C174
  Scenario: Mandatory lines of a completion void
    Given a credit card in the reader
    And a hold of the usual amount
    And the merchant has completed it for the full amount
    When the merchant voids the completion
    Then both copies are printed
    And each copy carries every mandatory line of a completion void

  @C175
  Scenario: The card number is masked on the cardholder's copy
    Given a debit card in the reader
    When the merchant asks for a hold of the other amount
    Then both copies are printed
    And the card number is masked on the cardholder's copy

  @C183
  Scenario: Paper runs out before printing
    Given a credit card in the reader
    And the printer has no paper
    When the merchant asks for a hold of the usual amount
    And paper is loaded
    Then nothing was lost: both slips came after the reload
    And the hold is open
    And nothing is reversed
