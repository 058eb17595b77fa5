Feature: Two terminals, one card
  What one terminal holds, no other can hold once more.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C209
  Scenario: Both holds are counted
    When another terminal asks for a hold of the other amount
    Then the host approves it
    And the other terminal's hold and this one are both counted
    And the issuer holds the usual amount together with the other amount

  @C209
  Scenario: What one holds the other cannot
    When another terminal asks for a hold of the account's amount
    Then the host answers that it is short of funds
    And no money was moved for it
    And the issuer holds the usual amount

  @C210
  Scenario: Of a completion here and a cancel there, the first one counts
    Given the merchant has completed it for the full amount
    When another terminal cancels it
    Then the host answers that it is a hold that was completed
    And no money was moved for it
    And the account stands with nothing held and the full amount booked
