Feature: The line to the host is encrypted
  The terminal speaks TLS 1.2 or newer, and to nobody but its host: who cannot show who he is gets nothing. Where nothing
  has left, nothing is reversed.

  Background:
    Given a credit card in the reader
    And the line to the host is encrypted
    And there is no second gateway

  @C265
  Scenario: A hold and its completion over an encrypted line
    Given a hold of the usual amount
    When the merchant completes it for the full amount
    Then the terminal reports the completion approved
    And the line to the host was encrypted
    And the request went over the primary gateway
    And in the end the hold is completed

  @C113 @C218
  Scenario Outline: A host that cannot show who it is
    Given the primary gateway shows <what>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing is sent to a host that shows <what>
    And nothing had left the terminal, and nothing is reversed
    And the customer is not told why
    And the issuer holds nothing

    Examples:
      | what                                  |
      | an expired certificate                |
      | a certificate of another name         |
      | a certificate of an unknown authority |
      | TLS 1.1 at most                       |

  @C218 @C265
  Scenario Outline: Where the first gateway cannot show who it is, the second takes over
    Given there is a second gateway
    And the primary gateway shows <what>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
    And nothing is sent to a host that shows <what>
    And the request went over the second gateway
    And the line to the host was encrypted
    And the issuer holds the usual amount

    Examples:
      | what                                  |
      | an expired certificate                |
      | a certificate of another name         |
      | a certificate of an unknown authority |
      | TLS 1.1 at most                       |

  @C113
  Scenario: The name of the host is known to nobody
    Given the name of the primary gateway is known to nobody
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing had left the terminal, and nothing is reversed
    And the issuer holds nothing

  @C113
  Scenario: The handshake comes to no end
    Given the primary gateway takes connections and says nothing
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation no reply
    And nothing had left the terminal, and nothing is reversed
    And the issuer holds nothing

  @C113 @C265
  Scenario Outline: The encrypted line breaks after the request has left
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
