Feature: A card that is pulled too early
  Before the host is asked nothing has happened; after it has answered, what it holds is given back.

  @C144
  Scenario Outline: The card is pulled before the host is asked
    Given a credit card in the reader
    And the card is pulled before its <nth> <command>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card removed
    And nothing is sent to the host
    And the issuer holds nothing
    When another credit card is in the reader
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved

    Examples:
      | nth    | command                |
      | first  | SELECT                 |
      | second | SELECT                 |
      | first  | GET PROCESSING OPTIONS |
      | third  | READ RECORD            |
      | first  | GENERATE AC            |

  @C145
  Scenario: The card is pulled when the host has approved
    Given a credit card in the reader
    And the card is pulled before its second GENERATE AC
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card removed
    And the reversal of the pre-authorisation says that the terminal could not go on
    And nothing is printed as approved
    When another credit card is in the reader
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C145 @C146
  Scenario: The card is pulled so slowly that its contacts close once more
    The card that is in again for a moment has been reset: it knows nothing of the transaction.

    Given a credit card in the reader
    And the card is pulled slowly before its second GENERATE AC
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation card removed
    And the reversal of the pre-authorisation says that the terminal could not go on
    And nothing is printed as approved

  @C145
  Scenario: The card is pulled when the host has declined
    What was refused stays refused, whatever the card would have said.

    Given a credit card in the reader
    And the host declines the pre-authorisation with 51
    And the card is pulled before its second GENERATE AC
    When the merchant asks for a hold of the usual amount
    Then the terminal reports a decline with 51
    And nothing is reversed
    And the issuer holds nothing
