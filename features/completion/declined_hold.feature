Feature: What never was a hold
  A hold that was declined, or a sale, cannot be completed.

  @C048
  Scenario: A declined hold cannot be completed
    Given a debit card in the reader, its account good for the less amount
    When the merchant asks for a hold of the usual amount
    And the merchant completes it for the full amount
    Then the terminal reports the completion refused
    And nothing is sent to the host
    And the account stands with nothing held and nothing booked

  @C048 @C250
  Scenario: A sale cannot be completed
    Given a credit card in the reader
    And a sale of the usual amount
    When the merchant completes the sale as if it were a hold
    Then the host refuses it as an unknown original
    And the ledger is untouched
