Feature: Keys, trace numbers, and the data of the original
  What binds one message to another.

  Background:
    Given a credit card in the reader

  @C132
  Scenario Outline: A reversal says what it undoes
    Given a hold of the usual amount
    And the host does not answer the <transaction>
    When the merchant <does it>
    Then the reversal of the <transaction> says that there was no reply
    And in the end the hold is open

    Examples:
      | transaction | does it                          |
      | completion  | completes it for the full amount |
      | cancel      | cancels it                       |

  @C132
  Scenario: A sale void says what it undoes, and so does its reversal
    Given a sale of the usual amount
    And the host does not answer the sale void
    When the merchant voids the sale
    Then the reversal of the sale void says that there was no reply
    And in the end the account stands with nothing held and the usual amount booked

  @C133
  Scenario: New keys in the middle of a batch
    Given a hold of the usual amount
    When the terminal signs on
    And the merchant completes it for the full amount
    Then the terminal has signed on
    And the terminal reports the completion approved
    And the hold is completed

  @C133
  Scenario: A reversal that was owed under the old key is made under the new one
    Given the host does not answer the pre-authorisation
    And the host does not answer the reversal
    When the merchant asks for a hold of the usual amount
    And the terminal signs on
    And the terminal has time to itself
    Then the terminal has signed on
    And its reversal was repeated with the same data
    And in the end the issuer holds nothing

  @C134
  Scenario: After the last trace number comes the first
    Given a batch of its own
    And the terminal's trace number is at its end
    When the merchant asks for a hold of the usual amount
    And the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the trace numbers begin again
    And the hold is completed
