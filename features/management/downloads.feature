Feature: What the host tells the terminal to be
  Parameters and keys come by download, on the merchant's wish or the host's; never in the middle of a transaction.

  @C235
  Scenario: Downloaded parameters are taken
    Given the host has a new merchant name for the terminal
    When the terminal downloads its parameters
    Then the terminal reports the parameter download approved
    And the terminal has taken the new merchant name

  @C235
  Scenario: The host asks for a download with an answer, and the transaction ends first
    Given a credit card in the reader
    And the host has a new merchant name for the terminal
    And the host asks for parameters with its answer to the pre-authorisation
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And both copies are printed
    And the hold is open
    And the terminal has taken the new merchant name

  Scenario: Keys of card schemes are downloaded
    When the terminal downloads its CA keys
    Then the terminal reports the CA key download approved

  Scenario: Parameters of chip applications are downloaded
    When the terminal downloads its IC parameters
    Then the terminal reports the IC parameter download approved

  Scenario: The terminal tries the line
    When the terminal tries the line
    Then the terminal reports the echo approved

  Scenario: After a sign-off the next transaction signs on by itself
    Given a credit card in the reader
    When the terminal signs off
    And the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And the hold is open
