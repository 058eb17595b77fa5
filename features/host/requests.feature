Feature: The host, asked wrongly
  What is badly sealed or badly formed is refused, explained, and moves nothing. The next request is answered.

  Background:
    Given a credit card in the reader

  @C122
  Scenario Outline: A request that is badly sealed
    When another terminal asks for a hold <how>
    Then the host answers that it is badly sealed
    And no money was moved for it
    And the issuer holds nothing

    Examples:
      | how               |
      | under a wrong MAC |
      | without a MAC     |

  @C133
  Scenario: A request sealed by the key before, still in flight
    Given another terminal made a hold of the usual amount
    When another terminal signs on
    And another terminal asks for a hold under a MAC of its old key
    Then the host took the MAC of the old key
    And the host approves it

  @C091 @C128
  Scenario Outline: A request that lacks a field
    When another terminal asks for a hold without <what>
    Then the host answers that it is badly formed
    And the host names the <what> as what is wrong
    And no money was moved for it

    Examples:
      | what       |
      | amount     |
      | entry mode |
      | currency   |

  @C130
  Scenario: A request with a field that nobody knows
    When another terminal asks for a hold with a field that nobody knows
    Then the host approves it
    And the issuer holds the usual amount
