Feature: The host, asked twice
  The bench's own host must be right before it judges anybody. Another terminal asks it what no terminal should.

  Background:
    Given a credit card in the reader
    And another terminal made a hold of the usual amount

  @C110
  Scenario: The same request twice is held once
    When another terminal sends the same request again
    Then the host answers that it is a duplicate
    And the host held it once
    And the issuer holds the usual amount

  @C119
  Scenario: A reversal that comes twice is done once
    When another terminal reverses it
    Then the host approves it
    And the hold is reversed
    When another terminal reverses it
    Then the host answers that it is reversed already
    And no money was moved for it
    And the issuer holds nothing

  @C119 @C047
  Scenario: What was reversed cannot be completed
    When another terminal reverses it
    And another terminal completes it for the full amount
    Then no money was moved for it
    And the issuer holds nothing
