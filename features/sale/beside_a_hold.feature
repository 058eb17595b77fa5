Feature: Sales beside a hold
  A sale, its void, its refund and the balance leave every hold as it is.

  Background:
    Given a credit card in the reader
    And a hold of the usual amount

  @C250
  Scenario: A sale touches no hold
    When the merchant sells for the other amount
    Then the terminal reports the sale approved
    And the other amount is booked
    And no hold is touched
    And both copies are printed
    And the account stands with the full amount held and the other amount booked

  @C250
  Scenario: The void of a sale touches no hold
    Given a sale of the other amount
    When the merchant voids the sale
    Then the terminal reports the sale void approved
    And a supervisor was asked first
    And no hold is touched
    And the account stands with the full amount held and nothing booked

  @C250
  Scenario: The refund of a sale touches no hold
    Given a sale of the other amount
    When the merchant refunds the sale
    Then the other amount is given back
    And no hold is touched
    And in the end the refund has been delivered
    And in the end the account stands with the full amount held and nothing booked

  @C250 @C079
  Scenario: What is held cannot be spent
    When the merchant sells for the account's amount
    Then the host refuses it as short of funds
    And no hold is touched

  @C251
  Scenario: The balance is what is there less what is held
    When the merchant asks for the balance
    Then the balance shown is the account's amount without the full amount
    And no hold is touched

  @C251
  Scenario: When the hold is cancelled the balance is whole again
    Given the merchant has cancelled it
    When the merchant asks for the balance
    Then the balance shown is the account's amount
