Feature: The amount of a hold
  What was typed is what is sent, held and printed: no more, no less, and nothing of the transaction before.

  @C022
  Scenario: Nothing is no amount
    Given a credit card in the reader
    When the merchant asks for a hold of nothing
    Then the terminal reports the pre-authorisation refused
    And nothing is sent to the host

  @C022
  Scenario: The host, too, takes nothing for no amount
    Given a credit card in the reader
    When another terminal asks for a hold of nothing
    Then the host answers that it is an amount of nothing
    And no money was moved for it

  @C023
  Scenario: The most that a message can carry is held
    Given a credit card in the reader, its account good for the most that a message can carry
    When the merchant asks for a hold of the most that a message can carry
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the most that a message can carry

  @C023
  Scenario: More than a message can carry is refused by the terminal
    Given a credit card in the reader
    When the merchant asks for a hold of more than a message can carry
    Then the terminal reports the pre-authorisation refused
    And nothing is sent to the host

  @C025
  Scenario Outline: What is sent, held and printed is what was typed
    Given a credit card in the reader, its account good for the most that a message can carry
    When the merchant asks for a hold of <amount>
    Then the pre-authorisation is sent for <amount>
    And the issuer holds <amount>
    And both copies show <amount>

    Examples:
      | amount                            |
      | the smallest amount               |
      | the odd amount                    |
      | the usual amount                  |
      | the most that a message can carry |

  @C027
  Scenario Outline: No amount is so small that the host is not asked
    Given a credit card in the reader
    When the merchant asks for a hold of <amount>
    Then the pre-authorisation is sent once
    And the terminal reports the pre-authorisation approved

    Examples:
      | amount              |
      | the smallest amount |
      | the usual amount    |

  @C032
  Scenario: Nothing of the hold before is left
    Given a credit card in the reader
    And a hold of the usual amount
    When the merchant asks for a hold of the other amount
    Then the pre-authorisation is sent for the other amount
    And both copies show the other amount
    And the hold is of the other amount
    And the issuer holds the usual amount together with the other amount
