Feature: Where a hold cannot be raised
  A merchant whose market knows no raise cancels and asks anew, or asks for a second hold.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C074
  Scenario: Cancel first, then a new hold for the total
    Given the merchant has cancelled it
    When the merchant asks for a hold of the usual amount together with the other amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount together with the other amount
    And never was more than the usual amount together with the other amount held

  @C075
  Scenario: A second hold, and each completed by itself
    Given a hold of the other amount
    And the merchant has completed it for the full amount
    When the merchant takes up the first hold again
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the first hold is completed and the second completed
    And the account stands with nothing held and the usual amount together with the other amount booked
