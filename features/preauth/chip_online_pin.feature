Feature: A hold by chip and online PIN
  The card goes into the reader, the cardholder types his PIN, the issuer holds the money.

  @C001
  Scenario: Contact chip with online PIN is approved
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And the hold is open
    And both copies are printed

  @C021
  Scenario: The smallest amount can be held
    Given a debit card in the reader
    When the merchant asks for a hold of the smallest amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the smallest amount

  @C108
  Scenario: An approved hold is never reversed
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And nothing is reversed
    And the hold is open

  @C144
  Scenario: The card is pulled before its first cryptogram
    Given a credit card in the reader
    And the card is pulled before its first cryptogram
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card removed
    And nothing is sent to the host
    And the issuer holds nothing
