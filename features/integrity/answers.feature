Feature: Answers that are not what they should be
  An answer counts when it is the host's, whole, and the request's own. Any other is no answer.

  Background:
    Given a credit card in the reader

  @C120
  Scenario: An answer with a wrong MAC
    Given the host answers the pre-authorisation with a wrong MAC
    When the merchant asks for a hold of the usual amount
    Then the answer with the wrong MAC is refused and reversed
    And the reversal of the pre-authorisation says that the MAC was wrong
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C120
  Scenario: A completion answered with a wrong MAC
    Given a hold of the usual amount
    And the host answers the completion with a wrong MAC
    When the merchant completes it for the full amount
    Then the answer with the wrong MAC is refused and reversed
    And in the end the hold is open

  @C120
  Scenario: A cancel answered with a wrong MAC
    Given a hold of the usual amount
    And the host answers the cancel with a wrong MAC
    When the merchant cancels it
    Then the answer with the wrong MAC is refused and reversed
    And in the end the hold is open

  @C121
  Scenario: An answer without a MAC
    Given the host answers the pre-authorisation without a MAC
    When the merchant asks for a hold of the usual amount
    Then the answer without a MAC is refused and reversed
    And nothing is printed as approved
    And in the end the issuer holds nothing

  @C123 @C124 @C125 @C127
  Scenario Outline: An answer that is somebody else's
    Given the host answers the pre-authorisation <how>
    When the merchant asks for a hold of the usual amount
    Then the answer is not taken for its own, and the request is reversed
    And nothing is printed as approved
    And in the end the issuer holds nothing

    Examples:
      | how                        |
      | as if to another terminal  |
      | as if to another merchant  |
      | under another trace number |
      | as another kind of message |

  @C125 @C127
  Scenario Outline: An answer to a completion that is somebody else's
    Given a hold of the usual amount
    And the host answers the completion <how>
    When the merchant completes it for the full amount
    Then the answer is not taken for its own, and the request is reversed
    And in the end the hold is open

    Examples:
      | how                        |
      | under another trace number |
      | as another kind of message |

  @C126
  Scenario: An answer for another amount
    Given the host answers the pre-authorisation for another amount
    When the merchant asks for a hold of the usual amount
    Then the answer for another amount is refused and reversed
    And in the end the issuer holds nothing

  @C126
  Scenario: An answer in another currency
    Given the host answers the pre-authorisation in another currency
    When the merchant asks for a hold of the usual amount
    Then the terminal looks at the currency, too

  @C126
  Scenario: A reference is the host's to give
    Given the host answers the pre-authorisation under another reference
    When the merchant asks for a hold of the usual amount
    Then the answer is taken for what its code says
    And the hold is open

  @C128 @C129
  Scenario Outline: An answer that cannot be read
    Given the host answers the pre-authorisation <how>
    When the merchant asks for a hold of the usual amount
    And the merchant asks for a hold of the other amount
    Then the terminal survives the answer that it cannot read
    And the terminal reports the pre-authorisation approved
    And the issuer holds the other amount

    Examples:
      | how                                       |
      | without its response code                 |
      | with a field longer than the table has it |
      | with an amount that is no number          |
      | with a length that is too big             |
      | with a length that is too small           |
      | with a length of zero                     |

  @C130
  Scenario: A field that nobody knows is no harm
    Given the host answers the pre-authorisation with a field that nobody knows
    When the merchant asks for a hold of the usual amount
    Then the answer is taken for what its code says
    And the terminal reports the pre-authorisation approved
    And the hold is open

  @C131
  Scenario Outline: Chip data that are not what they should be
    Given the host answers the pre-authorisation <how>
    When the merchant asks for a hold of the usual amount
    And the merchant asks for a hold of the other amount
    Then the terminal survives the chip data that it cannot read
    And the terminal reports the pre-authorisation approved

    Examples:
      | how                                  |
      | with chip data that are no chip data |
      | with a chip tag twice                |
