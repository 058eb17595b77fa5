Feature: The line fails
  Before a request has left, nothing is owed. After it has left, it is reversed, however the line failed.

  Background:
    Given a credit card in the reader

  @C113
  Scenario: The host refuses the connection: nothing had left
    Given the host cannot be reached
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing had left the terminal, and nothing is reversed
    And the issuer holds nothing

  @C113
  Scenario: When it can be reached again, the terminal works
    Given the host cannot be reached
    When the merchant asks for a hold of the usual amount
    And the host can be reached again
    And the merchant asks for a hold of the other amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the other amount

  @C113
  Scenario Outline: The line is reset after the request has left
    Given a hold of the usual amount
    And the line is reset in place of an answer to the <transaction>
    When the merchant <does it>
    Then the terminal reports the <transaction> no reply
    And the <transaction> is reversed
    And in the end the hold is open

    Examples:
      | transaction | does it                          |
      | completion  | completes it for the full amount |
      | cancel      | cancels it                       |

  @C113
  Scenario: The line is reset after a hold was asked for
    Given the line is reset in place of an answer to the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing

  @C114
  Scenario: The line is dead, and nobody said so
    Given the line goes dead without a word at the pre-authorisation
    When the merchant asks for a hold of the usual amount
    And the merchant asks for a hold of the other amount
    Then the terminal goes on over a line of its own making
    And the terminal reports the pre-authorisation approved
    And the issuer holds the other amount

  @C115
  Scenario: An answer that drips in a byte a second is not there in time
    Given the answer to the pre-authorisation drips in, a byte a second
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing is printed as approved
    And the pre-authorisation is reversed
    And in the end the issuer holds nothing

  @C115
  Scenario: An answer that drips in, but in time, is taken
    Given the answer to the pre-authorisation drips in, but in time
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the answer is taken for what its code says

  @C116
  Scenario: An answer in single bytes is taken
    Given the answer to the pre-authorisation comes in single bytes
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the answer is taken for what its code says

  @C116
  Scenario: Of two answers that come together the right one is taken
    Given the answer to the pre-authorisation comes together with another
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the answer is taken for what its code says
    And the issuer holds the usual amount
