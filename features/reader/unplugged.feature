Feature: The reader is unplugged and plugged in again
  Whoever pulls the reader's cable must neither win money nor lose any, and the terminal works again afterwards. The
  bench pulls it here, and says so: that a reader goes by itself is another matter, and watched in every case.

  @C143
  Scenario: The reader is away before a card is read
    Given a credit card in the reader
    When the reader is unplugged
    And the merchant asks a terminal that loses its reader for a hold of the usual amount
    Then the terminal reports no approval
    And nothing is sent to the host
    And the issuer holds nothing
    When the reader is plugged in again
    And the merchant asks for a hold of the usual amount
    Then the reader is the one that it was
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C143
  Scenario: The reader is unplugged between two commands
    Given a credit card in the reader
    And the reader is unplugged after the card's first answer
    When the merchant asks a terminal that loses its reader for a hold of the usual amount
    Then the terminal reports no approval
    And nothing is sent to the host
    And the issuer holds nothing
    When the reader is plugged in again
    And the merchant asks for a hold of the usual amount
    Then the reader is the one that it was
    And the terminal reports the pre-authorisation approved

  @C143
  Scenario Outline: The reader is unplugged during a command, and nobody has been asked for money yet
    Given a credit card in the reader
    And the reader is unplugged during the first <command>
    When the merchant asks a terminal that loses its reader for a hold of the usual amount
    Then the terminal reports no approval
    And nothing is sent to the host
    And the issuer holds nothing
    When the reader is plugged in again
    And the merchant asks for a hold of the usual amount
    Then the reader is the one that it was
    And the terminal reports the pre-authorisation approved

    Examples:
      | command     |
      | READ RECORD |
      | GENERATE AC |

  @C143
  Scenario: The reader is unplugged while the terminal waits for the host
    The approval comes, and there is no card any more that could give its word.

    Given a credit card in the reader
    And the host answers the pre-authorisation 1 second before the time-out
    And the reader is unplugged while the host is asked
    When the merchant asks a terminal that loses its reader for a hold of the usual amount
    Then the terminal reports no approval
    And the reversal of the pre-authorisation says that the terminal could not go on
    And nothing is printed as approved
    When the reader is plugged in again
    And the merchant asks for a hold of the usual amount
    Then the reader is the one that it was
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C143
  Scenario: The reader is unplugged in the card's last word
    Given a credit card in the reader
    And the reader is unplugged during the second GENERATE AC
    When the merchant asks a terminal that loses its reader for a hold of the usual amount
    Then the terminal reports no approval
    And the reversal of the pre-authorisation says that the terminal could not go on
    And nothing is printed as approved
    When the reader is plugged in again
    And the merchant asks for a hold of the usual amount
    Then the reader is the one that it was
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount
