Feature: The issuer says no
  A decline is reported with its code, leaves no hold, and is never reversed.

  @C079
  Scenario: Insufficient funds
    Given a debit card in the reader, its account good for the less amount
    When the merchant asks for a hold of the usual amount
    Then the host refuses it as short of funds
    And the issuer holds nothing
    And nothing is reversed

  @C080
  Scenario: A wrong PIN once, then the right one
    Given a credit card in the reader
    And the cardholder mistypes the PIN once
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the PIN was asked 2 times, each with a request of its own
    And the issuer holds the usual amount

  @C081
  Scenario: The PIN is wrong until its tries are exceeded
    Given a credit card in the reader
    And the cardholder never finds the right PIN
    When the merchant asks for a hold of the usual amount
    Then the PIN was asked 3 times, each with a request of its own
    And the terminal reports a decline as a PIN tried too often
    And the issuer holds nothing

  @C082
  Scenario Outline: A lost or stolen card
    Given a credit card in the reader
    And the issuer has the card as <status>
    When the merchant asks for a hold of the usual amount
    Then the host refuses it as <reason>
    And the customer is not told why
    And the issuer holds nothing

    Examples:
      | status | reason        |
      | lost   | a lost card   |
      | stolen | a stolen card |

  @C083
  Scenario: The host refuses a card that it has as expired
    Given a credit card in the reader
    And the issuer has the card as expired
    When the merchant asks for a hold of the usual amount
    Then the host refuses it as an expired card
    And the issuer holds nothing

  @C088
  Scenario: A restricted card
    Given a credit card in the reader
    And the issuer has the card as restricted
    When the merchant asks for a hold of the usual amount
    Then the host refuses it as a restricted card
    And the issuer holds nothing

  @C085
  Scenario: A mistyped card number does not leave the terminal
    Given a credit card in the reader
    And a hold of the usual amount
    And the operator mistypes the card number
    When the merchant completes it without the card for the full amount
    Then the terminal reports the completion refused
    And nothing is sent to the host
    And the hold is open

  @C080
  Scenario: A wrong PIN at a sale, then the right one
    Given a credit card in the reader
    And the cardholder mistypes the PIN once
    When the merchant sells for the usual amount
    Then the terminal reports the sale approved
    And the PIN was asked 2 times, each with a request of its own
