Feature: The host wants the terminal to sign on again
  Keys or batch are no longer the host's. The terminal fetches new ones by itself; the merchant asks once.

  Background:
    Given a credit card in the reader

  @C095
  Scenario Outline: A terminal that is not signed on signs on and asks again
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal signs on again and sends it once more
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
    And nothing is reversed

    Examples:
      | code |
      | 77   |
      | 99   |

  @C095
  Scenario: A completion, too, is asked for again
    Given a hold of the usual amount
    And the host declines the completion with 77
    When the merchant completes it for the full amount
    Then the terminal signs on again and sends it once more
    And the account stands with nothing held and the full amount booked

  @C122 @C095
  Scenario: When the host finds the MAC wrong, the terminal signs on for new keys
    Given the host declines the pre-authorisation with A0
    When the merchant asks for a hold of the usual amount
    Then the terminal signs on again
    And the terminal reports no approval
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved

  @C095
  Scenario Outline: A merchant or terminal that the host does not know is declined, without end
    Given the host declines the pre-authorisation with <code>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with <code>
    And the pre-authorisation is sent once
    And nothing is reversed

    Examples:
      | code |
      | 03   |
      | 97   |
