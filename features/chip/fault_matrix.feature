Feature: What can be wrong with a card, and what the books want of the terminal then
  Each row is a card with one fault of the catalogue (rigs/cards/faults.yaml): which bits the terminal must set when it
  asks the chip for its first cryptogram, how the transaction must end, what may reach the host, and the clause that
  says so. The floor limit is above the amount, so that a hold goes online for no reason but that it is a hold.
  docs/fault-matrix.md sets beside it what the reference terminal did.

  Background:
    Given the terminal tries a chip 1 time
    And the terminal never falls back to the stripe
    And the terminal's floor limit is the account's amount

  @C165
  Scenario Outline: In its selection, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card      | fault                                | told               | outcome       | sent                  | clause                     |
      | credit    | is blocked                           | nothing at all     | card declined | nothing               | EMV Book 1, 12.3.2         |
      | credit    | has its application blocked          | nothing at all     | card declined | nothing               | EMV Book 1, 12.3.2, 12.4   |
      | multi-app | has its application blocked          | nothing at all     | card declined | nothing               | EMV Book 1, 12.3.2, 12.4   |
      | credit    | has its directory blocked            | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.3.2         |
      | credit    | garbles its directory                | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.3.2         |
      | credit    | fails at its directory               | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.3.2         |
      | credit    | has a directory without entries      | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.3.2         |
      | credit    | has a directory without records      | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.3.2         |
      | credit    | does not say where its directory is  | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 11.3.4, 12.3.2 |
      | credit    | has its directory in a wrong file    | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.2.3, 12.3.2 |
      | credit    | has strange things in its directory  | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.2.3         |
      | credit    | has no priority                      | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.4           |
      | credit    | names an application that it has not | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 12.4           |
      | credit    | refuses its application              | nothing at all     | card declined | nothing               | EMV Book 1, 12.4           |
      | credit    | garbles its application              | nothing at all     | card declined | nothing               | EMV Book 1, 11.3.4, 12.4   |
      | credit    | says another name than it was called | nothing at all     | card declined | nothing               | EMV Book 1, 11.3.4, 12.4   |
      | credit    | does not say its name                | nothing at all     | card declined | nothing               | EMV Book 1, 11.3.4         |
      | credit    | has odd data around its name         | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 11.3.4         |

  @C169
  Scenario Outline: At its start, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card      | fault                                 | told               | outcome       | sent                  | clause                    |
      | credit    | refuses its processing options        | nothing at all     | card declined | nothing               | EMV Book 3, 10.1          |
      | multi-app | refuses its first application         | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 10.1          |
      | credit    | fails at its processing options       | nothing at all     | card declined | nothing               | EMV Book 3, 6.3.5, 10.1   |
      | credit    | has used up its counter               | nothing at all     | card declined | nothing               | EMV Book 3, 6.5.8, 10.1   |
      | credit    | names no files                        | nothing at all     | card declined | nothing               | EMV Book 3, 6.5.8.4, 10.2 |
      | credit    | garbles its processing options        | nothing at all     | card declined | nothing               | EMV Book 3, 6.5.8.4       |
      | credit    | says nothing of what it can do        | nothing at all     | card declined | nothing               | EMV Book 3, 6.5.8.4       |
      | credit    | names its files twice                 | nothing at all     | card declined | nothing               | EMV Book 3, 7.5           |
      | credit    | answers its start in the other format | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 6.5.8.4       |
      | credit    | asks for unusual data at its start    | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 5.4           |
      | credit    | asks for nothing at its start         | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 6.5.8.3       |

  @C168 @C169
  Scenario Outline: In its records, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                             | told               | outcome       | sent                  | clause                                |
      | credit | lacks a record                    | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | garbles a record                  | nothing at all     | card declined | nothing               | EMV Book 3, 7.5                       |
      | credit | has a record without its template | nothing at all     | card declined | nothing               | EMV Book 3, 6.5.11.4, 7.5             |
      | credit | says one thing twice              | nothing at all     | card declined | nothing               | EMV Book 3, 7.5, 10.2                 |
      | credit | has data that nobody knows        | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 10.2                      |
      | credit | has empty data                    | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 7.5, Annex B2             |
      | credit | has fillers between its data      | online PIN entered | approved      | the pre-authorisation | EMV Book 3, Annex B1                  |
      | credit | has lengths in long form          | online PIN entered | approved      | the pre-authorisation | EMV Book 3, Annex B2                  |
      | credit | names a file that cannot be       | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | names file zero                   | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | names its records backwards       | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | names a record zero               | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | has more signed than there is     | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | has a locator of odd length       | nothing at all     | card declined | nothing               | EMV Book 3, 10.2                      |
      | credit | lacks its number                  | nothing at all     | card declined | nothing               | EMV Book 3, 7.2                       |
      | credit | lacks its expiry date             | nothing at all     | card declined | nothing               | EMV Book 3, 7.2                       |
      | credit | lacks its first list              | nothing at all     | card declined | nothing               | EMV Book 3, 7.2                       |
      | credit | lacks its second list             | nothing at all     | card declined | nothing               | EMV Book 3, 7.2                       |
      | credit | lacks its sequence number         | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 7.2; facts/unionpay-pos 2 |
      | credit | lacks its second track            | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 7.2                       |
      | credit | answers in two pieces             | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 9.3.1                     |
      | credit | wants another length              | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 9.3.1                     |
      | credit | has its answers fetched           | online PIN entered | approved      | the pre-authorisation | EMV Book 1, 9.3.1                     |

  @C159 @C160
  Scenario Outline: In its authentication, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card       | fault                                           | told                                                              | outcome       | sent                  | clause                           |
      | credit     | has a wrong issuer certificate                  | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.3                  |
      | cda        | has a wrong issuer certificate                  | CDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.3, 6.6             |
      | sda-only   | has a wrong issuer certificate                  | SDA failed, SDA selected, online PIN entered                      | approved      | the pre-authorisation | EMV Book 2, 5.3                  |
      | credit     | is signed by an unknown key                     | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.2                  |
      | credit     | has an expired issuer certificate               | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.3                  |
      | credit     | has a wrong card certificate                    | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.4                  |
      | credit     | is signed by another CA                         | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.3                  |
      | credit     | is signed by another issuer                     | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.4                  |
      | credit     | has the certificate of another issuer           | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.3                  |
      | credit     | has the certificate of another card             | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.4                  |
      | credit     | is a copy                                       | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.5.2                |
      | credit     | has an expired card certificate                 | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.4                  |
      | credit     | was changed after it was signed                 | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.4                  |
      | sda-only   | has a wrong static signature                    | SDA failed, SDA selected, online PIN entered                      | approved      | the pre-authorisation | EMV Book 2, 5.4                  |
      | credit     | signs wrongly                                   | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.5.2                |
      | credit     | signs too briefly                               | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 2, 6.5.2                |
      | credit     | gives no signature                              | nothing at all                                                    | card declined | nothing               | EMV Book 3, 6.5.9.4              |
      | credit     | signs in the other format                       | online PIN entered                                                | approved      | the pre-authorisation | EMV Book 3, 6.5.9.4              |
      | credit     | lacks its list for signatures                   | online PIN entered                                                | approved      | the pre-authorisation | EMV Book 2, 6.5.1                |
      | credit     | answers 6985 to its first INTERNAL AUTHENTICATE | nothing at all                                                    | card declined | nothing               | EMV Book 3, 6.3.5, 6.5.9.4       |
      | credit     | lacks its issuer certificate                    | ICC data missing, DDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | credit     | lacks its CA index                              | ICC data missing, DDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | credit     | lacks its card certificate                      | ICC data missing, DDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | sda-only   | lacks its static signature                      | ICC data missing, SDA failed, SDA selected, online PIN entered    | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | other-keys | lacks the remainder of its own key              | ICC data missing, CDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | other-keys | lacks the remainder of its issuer's key         | ICC data missing, CDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | credit     | lacks its key's exponent                        | ICC data missing, DDA failed, online PIN entered                  | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.3            |
      | credit     | signs more than it may                          | DDA failed, online PIN entered                                    | approved      | the pre-authorisation | EMV Book 3, 10.3                 |
      | credit     | offers no authentication                        | offline data authentication was not performed, online PIN entered | approved      | the pre-authorisation | EMV Book 3, 10.3                 |
      | cda        | signs its cryptogram wrongly                    | online PIN entered                                                | card declined | nothing               | EMV Book 2, 6.6.2; Book 4, 6.3.2 |

  @C161
  Scenario Outline: Where it may be used, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                     | told                                                                     | outcome       | sent                  | clause                                      |
      | credit | is of another version     | ICC and terminal have different application versions, online PIN entered | approved      | the pre-authorisation | EMV Book 3, 10.4.1                          |
      | credit | may not be used here      | requested service not allowed for card product, online PIN entered       | card declined | nothing               | EMV Book 3, 10.4.2, 10.7                    |
      | credit | may be used at home alone | online PIN entered                                                       | approved      | the pre-authorisation | EMV Book 3, 10.4.2                          |
      | credit | has expired               | expired application, online PIN entered                                  | declined      | the pre-authorisation | EMV Book 3, 10.4.3; facts/unionpay-pos 5.21 |
      | credit | is not yet valid          | application not yet effective, online PIN entered                        | approved      | the pre-authorisation | EMV Book 3, 10.4.3                          |

  @C162 @C164
  Scenario Outline: In its verification, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card                   | fault                                        | told                                                         | outcome       | sent                  | clause                           |
      | credit                 | wants an unknown verification, or else a PIN | unrecognised CVM, online PIN entered                         | approved      | the pre-authorisation | EMV Book 3, 10.5                 |
      | credit                 | wants an unknown verification                | cardholder verification was not successful, unrecognised CVM | approved      | the pre-authorisation | EMV Book 3, 10.5                 |
      | credit                 | has no list of verifications                 | ICC data missing                                             | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.5            |
      | credit                 | has an empty list of verifications           | ICC data missing                                             | approved      | the pre-authorisation | EMV Book 3, 7.5, 10.5            |
      | credit                 | has a verification list of odd length        | nothing at all                                               | card declined | nothing               | EMV Book 3, 7.5, 10.5            |
      | offline-pin            | has no PIN tries left                        | PIN Try Limit exceeded, online PIN entered                   | approved      | the pre-authorisation | EMV Book 3, 10.5.1               |
      | offline-pin            | has one PIN try left                         | no fault                                                     | approved      | the pre-authorisation | EMV Book 3, 10.5.1               |
      | offline-pin            | tells no PIN tries                           | no fault                                                     | approved      | the pre-authorisation | EMV Book 3, 10.5.1               |
      | offline-pin            | takes any PIN                                | no fault                                                     | approved      | the pre-authorisation | EMV Book 3, 6.5.12, 10.5.1       |
      | offline-pin            | fails at its PIN                             | nothing at all                                               | card declined | nothing               | EMV Book 3, 6.3.5, 6.5.12.5      |
      | offline-pin-enciphered | has a wrong PIN key                          | online PIN entered                                           | approved      | the pre-authorisation | EMV Book 2, 7.1; Book 3, 10.5.1  |
      | offline-pin-enciphered | gives no challenge                           | online PIN entered                                           | approved      | the pre-authorisation | EMV Book 2, 7.2; Book 3, 10.5.1  |
      | offline-pin-enciphered | gives a short challenge                      | online PIN entered                                           | approved      | the pre-authorisation | EMV Book 3, 6.5.6.4; Book 2, 7.2 |

  @C152
  Scenario Outline: In the terminal's risk management, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                               | told                                                                                                   | outcome  | sent                  | clause             |
      | credit | is new                              | new card, online PIN entered                                                                           | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | was offline often                   | lower consecutive offline limit exceeded, online PIN entered                                           | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | tells no counters                   | lower consecutive offline limit exceeded, upper consecutive offline limit exceeded, online PIN entered | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | was offline too often               | lower consecutive offline limit exceeded, upper consecutive offline limit exceeded, online PIN entered | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | counts backwards                    | lower consecutive offline limit exceeded, upper consecutive offline limit exceeded, online PIN entered | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | does not count                      | online PIN entered                                                                                     | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | jumps in its count                  | online PIN entered                                                                                     | approved | the pre-authorisation | EMV Book 3, 10.6.3 |
      | credit | did not finish its last transaction | online PIN entered                                                                                     | approved | the pre-authorisation | EMV Book 3, 10.8   |
      | credit | was lied to before                  | online PIN entered                                                                                     | approved | the pre-authorisation | EMV Book 3, 10.8   |
      | credit | has a failed script behind it       | online PIN entered                                                                                     | approved | the pre-authorisation | EMV Book 3, 10.8   |

  @C151 @C154 @C158
  Scenario Outline: In its first word, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                                         | told               | outcome       | sent                  | clause                                   |
      | credit | declines at once                              | online PIN entered | card declined | nothing               | EMV Book 3, 10.8                         |
      | credit | does not allow this service                   | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 10.8                |
      | credit | wants its issuer to be told                   | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 10.8                |
      | credit | declines with a wrong cryptogram              | online PIN entered | card declined | nothing               | EMV Book 3, 10.8                         |
      | credit | approves by itself                            | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 9.3.1               |
      | credit | calls an ARQC a TC                            | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 9.3.1               |
      | credit | gives a cryptogram of no kind                 | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | may decide by itself                          | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 9.3.1                        |
      | credit | refuses its first word                        | online PIN entered | card declined | nothing               | EMV Book 3, 6.3.5                        |
      | credit | has a wrong cryptogram                        | online PIN entered | declined      | the pre-authorisation | EMV Book 2, 8.1; facts/unionpay-pos 5.21 |
      | credit | says another counter                          | online PIN entered | declined      | the pre-authorisation | EMV Book 2, 8.1; facts/unionpay-pos 5.21 |
      | credit | garbles its first word                        | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 7.5                 |
      | credit | cuts its first word short                     | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4, 7.5                 |
      | credit | says nothing at its first word                | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | puts its first word into a record             | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | gives no cryptogram information               | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | gives no counter                              | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | gives its cryptogram twice                    | online PIN entered | card declined | nothing               | EMV Book 3, 7.5                          |
      | credit | gives no cryptogram                           | online PIN entered | card declined | nothing               | EMV Book 3, 6.5.5.4                      |
      | credit | gives its first word in the other format      | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 6.5.5.4                      |
      | credit | adds data that nobody knows to its first word | online PIN entered | approved      | the pre-authorisation | EMV Book 3, 6.5.5.4, 10.2                |
      | credit | has issuer data of the greatest length        | online PIN entered | approved      | the pre-authorisation | EMV Book 3, Annex A1                     |

  @C155
  Scenario Outline: In its last word, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And in the end the chip is told of <told at last>
    And the host is sent <sent>

    Examples:
      | card   | fault                                   | told               | told at last       | outcome       | sent                                     | clause                                           |
      | credit | refuses the issuer's answer             | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 3, 10.9, 10.11; facts/unionpay-pos 5.19 |
      | credit | declines at last                        | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 3, 10.11; facts/unionpay-pos 5.19       |
      | credit | refuses its last word                   | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 3, 6.3.5; facts/unionpay-pos 5.19       |
      | credit | asks once more                          | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 3, 9.3.2; facts/unionpay-pos 5.19       |
      | credit | garbles its last word                   | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 3, 7.5; facts/unionpay-pos 5.19         |
      | cda    | signs its last word wrongly             | online PIN entered | online PIN entered | card declined | the pre-authorisation, then its reversal | EMV Book 2, 6.6.2; facts/unionpay-pos 5.19       |
      | credit | wants no proof of the issuer            | online PIN entered | online PIN entered | approved      | the pre-authorisation                    | EMV Book 3, 10.9, 10.11                          |
      | credit | has a wrong last cryptogram             | online PIN entered | online PIN entered | approved      | the pre-authorisation                    | EMV Book 2, 8.1                                  |
      | credit | gives its last word in the other format | online PIN entered | online PIN entered | approved      | the pre-authorisation                    | EMV Book 3, 6.5.5.4                              |

  @C144 @C145
  Scenario Outline: When it is pulled, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                                                     | told               | outcome       | sent                                     | clause                  |
      | credit | leaves before it answers its first SELECT                 | nothing at all     | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves before it answers its first GET PROCESSING OPTIONS | nothing at all     | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves before it answers its first READ RECORD            | nothing at all     | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves after it answered its third READ RECORD            | nothing at all     | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves before it answers its first INTERNAL AUTHENTICATE  | nothing at all     | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves before it answers its first GENERATE AC            | online PIN entered | card removed  | nothing                                  | EMV Book 1, 6.2         |
      | credit | loses its power at its first GENERATE AC                  | online PIN entered | card declined | nothing                                  | EMV Book 1, 6.2         |
      | credit | leaves after it answered its first GENERATE AC            | online PIN entered | card removed  | the pre-authorisation, then its reversal | facts/unionpay-pos 5.19 |
      | credit | leaves before it answers its second GENERATE AC           | online PIN entered | card removed  | the pre-authorisation, then its reversal | facts/unionpay-pos 5.19 |
      | credit | leaves after it answered its second GENERATE AC           | online PIN entered | approved      | the pre-authorisation                    | EMV Book 3, 10.11       |

  @C146
  Scenario Outline: When it says nothing, or late, a card that <fault>
    Given a <card> card in the reader that <fault>
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation <outcome>
    And the chip is told of <told>
    And the host is sent <sent>

    Examples:
      | card   | fault                             | told               | outcome       | sent                                     | clause                             |
      | credit | has a dead chip                   | nothing at all     | card declined | nothing                                  | ISO 7816-3, 6.2.1; EMV Book 1, 8.2 |
      | credit | answers its reset with nonsense   | nothing at all     | card declined | nothing                                  | ISO 7816-3, 8.1; EMV Book 1, 8.3   |
      | credit | is mute at its first SELECT       | nothing at all     | card declined | nothing                                  | EMV Book 1, 9.2.2, 10.1            |
      | credit | is mute at its first GENERATE AC  | online PIN entered | card declined | nothing                                  | EMV Book 1, 9.2.2                  |
      | credit | is mute at its second GENERATE AC | online PIN entered | card declined | the pre-authorisation, then its reversal | facts/unionpay-pos 5.19            |
      | credit | is slow at its first SELECT       | online PIN entered | approved      | the pre-authorisation                    | EMV Book 1, 9.2.2                  |
      | credit | is slow at its first GENERATE AC  | online PIN entered | approved      | the pre-authorisation                    | EMV Book 1, 9.2.2                  |
      | credit | is slow at its second GENERATE AC | online PIN entered | approved      | the pre-authorisation                    | EMV Book 1, 9.2.2                  |
      | credit | is slow everywhere                | online PIN entered | approved      | the pre-authorisation                    | EMV Book 1, 9.2.2                  |
