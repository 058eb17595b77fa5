Feature: What the terminal decides before and without the host
  A hold goes online or it is declined; the terminal never approves one by itself.

  @C151
  Scenario Outline: The acquirer wants a decline for a card that <fault>
    Given a <card> card in the reader that <fault>
    And the acquirer wants a decline for <words>
    When the merchant asks for a hold of the usual amount
    Then the chip is first asked for an AAC
    And the terminal reports the pre-authorisation card declined
    And the host is sent nothing
    And the issuer holds nothing
    And nothing is printed as approved

    Examples:
      | card     | fault                         | words                                                |
      | credit   | has expired                   | expired application                                  |
      | credit   | is not yet valid              | application not yet effective                        |
      | credit   | signs wrongly                 | DDA failed                                           |
      | sda-only | has a wrong static signature  | SDA failed                                           |
      | credit   | is of another version         | ICC and terminal have different application versions |
      | credit   | wants an unknown verification | cardholder verification was not successful           |
      | credit   | is new                        | new card                                             |

  @C151
  Scenario: Neither acquirer nor issuer wants a decline for what the card is good for
    Given a credit card in the reader
    And the acquirer wants no declines by the terminal
    When the merchant asks for a hold of the usual amount
    Then the chip is first asked for an ARQC
    And the terminal reports the pre-authorisation approved

  @C151
  Scenario: A card that may be used at home alone is declined abroad
    Given an at-home-only card in the reader
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of requested service not allowed for card product
    And the chip is first asked for an AAC
    And the terminal reports the pre-authorisation card declined
    And the host is sent nothing

  @C151
  Scenario: A card that may be used at home alone is good at home
    Given an at-home-only card in the reader
    And the terminal stands in another country
    When the merchant asks for a hold of the usual amount
    Then the chip is not told of requested service not allowed for card product
    And the chip is first asked for an ARQC

  @C151
  Scenario: A card from abroad is good here
    Given a foreign card in the reader
    When the merchant asks for a hold of the usual amount
    Then the chip is not told of requested service not allowed for card product
    And the terminal reports the pre-authorisation approved
    And the issuer holds the usual amount

  @C027 @C152
  Scenario Outline: A hold goes online, whatever the floor limit
    Given a credit card in the reader
    And the terminal's floor limit is <limit>
    And the terminal may approve by itself
    When the merchant asks for a hold of the usual amount
    Then the chip is first asked for an ARQC, and gives an ARQC
    And the chip is <told> transaction exceeds floor limit
    And the host is sent the pre-authorisation
    And the terminal reports the pre-authorisation approved

    Examples:
      | limit                                              | told                   |
      | nothing                                            | told, among others, of |
      | the usual amount                                   | told, among others, of |
      | the usual amount together with the smallest amount | not told of            |

  @C152
  Scenario: A transaction that is drawn by lot goes online, and says so
    Given a credit card in the reader
    And the terminal's floor limit is the account's amount
    And the terminal draws each transaction to go online
    When the merchant asks for a hold of the usual amount
    Then the chip is told of transaction selected randomly for online processing, online PIN entered
    And the chip is first asked for an ARQC
    And the terminal reports the pre-authorisation approved

  @C152
  Scenario: A card that the acquirer has warned of
    Given a credit card in the reader
    And the card is on the terminal's exception file
    When the merchant asks for a hold of the usual amount
    Then the chip is told, among others, of card appears on terminal exception file
    And the host is sent the pre-authorisation

  @C152
  Scenario: A card that the acquirer has warned of, and wants declined
    Given a credit card in the reader
    And the card is on the terminal's exception file
    And the acquirer wants a decline for card appears on terminal exception file
    When the merchant asks for a hold of the usual amount
    Then the chip is first asked for an AAC
    And the terminal reports the pre-authorisation card declined
    And the host is sent nothing

  @C153
  Scenario: The host cannot be reached, and the hold is declined
    Given a credit card in the reader
    And the host cannot be reached
    When the merchant asks for a hold of the usual amount
    Then the chip is at last asked for an AAC, and gives an AAC
    And the terminal reports no approval
    And nothing is printed as approved
    And the issuer holds nothing

  @C153
  Scenario: The host cannot be reached, and not even an acquirer who wants approvals then has a hold approved
    Given a credit card in the reader
    And the acquirer wants approvals when the host cannot be reached
    And the terminal may approve by itself
    And the host cannot be reached
    When the merchant asks for a hold of the usual amount
    Then the chip is at last asked for an AAC, and gives an AAC
    And the terminal reports no approval
    And nothing is printed as approved
    And the issuer holds nothing
