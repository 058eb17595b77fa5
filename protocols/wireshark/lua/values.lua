-- Bytes, digits and text as they may be shown. Offsets within a Lua string count from 1, those of a tvb from 0.

local values = {}

function values.hex(raw)
  return (raw:gsub(".", function(byte) return string.format("%02X", byte:byte()) end))
end

-- A number as Python writes it: no zeros before it.
function values.plain(digits)
  local bare = digits:gsub("^0+", "")
  return bare == "" and "0" or bare
end

function values.is_digits(text)
  return text:find("^[0-9]+$") ~= nil
end

-- What a recorder hid whole: all its nibbles are F.
function values.hidden_whole(raw)
  return #raw > 0 and raw:find("^\255+$") ~= nil
end

-- First 6 and last 4 digits; a number too short to hide anything is hidden whole.
function values.mask_pan(digits)
  if #digits < 13 then return ("*"):rep(#digits) end
  return digits:sub(1, 6) .. ("*"):rep(#digits - 10) .. digits:sub(-4)
end

function values.has_right_check_digit(digits)
  if #digits < 2 or not values.is_digits(digits) then return false end
  local total = 0
  for place = 1, #digits do
    local digit = tonumber(digits:sub(-place, -place))
    if place % 2 == 0 then digit = digit * 2 > 9 and digit * 2 - 9 or digit * 2 end
    total = total + digit
  end
  return total % 10 == 0
end

function values.money(digits, currency)
  local known, minor = SPEC.currencies[currency], values.plain(digits)
  if not known then return minor .. " minor units" .. (currency and " of " .. currency or "") end
  if known.exponent == 0 then return minor .. " " .. known.alpha end
  minor = ("0"):rep(known.exponent + 1 - #minor) .. minor
  return minor:sub(1, -known.exponent - 1) .. "." .. minor:sub(-known.exponent) .. " " .. known.alpha
end

-- ── text: GB 18030, of which ASCII is a part ──────────────────────────────────────────────────────────────────────

local SHORTEST, LONGEST, LONGEST_GROUP, LONGEST_GAP = 13, 19, 8, 3
local signs = {} -- by first byte, once it was needed: the characters of two bytes

local function between(byte, from, to) return byte ~= nil and byte >= from and byte <= to end

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  local tail, first = "", code
  local limit, head = 0x20, 0xC0
  repeat
    tail = string.char(0x80 + first % 64) .. tail
    first = math.floor(first / 64)
    if first < limit then return string.char(head + first) .. tail end
    limit, head = limit / 2, head + limit
  until false
end

local function of_two(first, second)
  local row = signs[first]
  if not row then
    row = {}
    for sign in SPEC.gb18030.two[first]:gmatch("[^\128-\191][\128-\191]*") do row[#row + 1] = sign end
    signs[first] = row
  end
  return row[second - 0x3F - (second > 0x7F and 1 or 0)]
end

local function of_four(a, b, c, d)
  if not (between(c, 0x81, 0xFE) and between(d, 0x30, 0x39)) then return nil end
  local number = (((a - 0x81) * 10 + b - 0x30) * 126 + c - 0x81) * 10 + d - 0x30
  local beyond = number - SPEC.gb18030.beyond
  if beyond >= 0 then return beyond < 0x100000 and utf8(0x10000 + beyond) or nil end
  for _, run in ipairs(SPEC.gb18030.four) do
    if number >= run[1] and number <= run[2] then return utf8(run[3] + number - run[1]) end
  end
end

-- The characters of a text: where each lies, how it is shown, whether it is a digit or a gap within a number. One that
-- cannot be read has no `shown`.
local function characters(raw)
  local found, at = {}, 1
  while at <= #raw do
    local a, b = raw:byte(at, at + 1)
    local one = { from = at, to = at }
    if a < 0x80 then
      one.shown = a >= 0x20 and string.char(a) or string.format("\\x%02X", a)
      one.digit = between(a, 0x30, 0x39) and a - 0x30 or nil
      one.gap = a <= 0x20 or a == 0x2D
    elseif between(a, 0x81, 0xFE) and between(b, 0x30, 0x39) then
      one.to = math.min(at + 3, #raw)
      one.shown = of_four(raw:byte(at, at + 3))
    elseif between(a, 0x81, 0xFE) and between(b, 0x40, 0xFE) and b ~= 0x7F then
      one.to = at + 1
      one.shown = of_two(a, b)
      one.digit = a == 0xA3 and between(b, 0xB0, 0xB9) and b - 0xB0 or nil
      one.gap = a == 0xA1 and b == 0xA1
    end
    found[#found + 1] = one
    at = one.to + 1
  end
  return found
end

function values.is_text(raw, ascii)
  if ascii then return raw:find("[\128-\255]") == nil end
  for _, one in ipairs(characters(raw)) do
    if not one.shown then return false end
  end
  return true
end

local function is_issued(digits)
  if #digits < SHORTEST or #digits > LONGEST or not values.has_right_check_digit(digits) then return false end
  local start = tonumber(digits:sub(1, 4))
  return digits:find("^[13-9]") ~= nil or (start >= 2221 and start <= 2720)
end

-- Runs of digits that touch each other, with the characters between one and the next.
local function groups(list)
  local found, current, gap = {}, nil, 0
  for place, one in ipairs(list) do
    if one.digit then
      if not current then
        current = { first = place, digits = "", gap = gap }
        found[#found + 1] = current
      end
      current.digits, current.last = current.digits .. one.digit, place
      gap = 0
    else
      current = nil
      gap = gap and one.gap and gap + 1 or nil
      if #found == 0 then gap = nil end
    end
  end
  return found
end

local function hide_number(list, hidden, places, digits)
  for nth = 7, digits - 4 do
    local one = list[places[nth]]
    for at = one.from, one.to do hidden[at] = true end
  end
end

-- A track stands behind its card number.
local function hide_track(raw, list, hidden, last)
  local at = list[last].to + 1
  local digits = raw:match("^[=D]([0-9]+)", at)
  if digits then
    for place = at + 1, at + #digits do hidden[place] = true end
  end
end

-- Bytes of a text that may not be shown: what by its shape is a card number, and the track behind it.
function values.secrets(raw)
  local list, hidden = characters(raw), {}
  local runs = groups(list)
  for number, run in ipairs(runs) do
    local digits, places = "", {}
    for next = number, #runs do
      local other = runs[next]
      if next > number then
        local apart = other.gap and other.gap >= 1 and other.gap <= LONGEST_GAP
        if not apart or #other.digits > LONGEST_GROUP or #digits + #other.digits > LONGEST then break end
      end
      digits = digits .. other.digits
      for place = other.first, other.last do places[#places + 1] = place end
      local bare = next == number and #digits:match("^0*") or 0
      if is_issued(digits:sub(bare + 1)) and (next == number or #run.digits <= LONGEST_GROUP) then
        local of_number = {}
        for place = bare + 1, #places do of_number[#of_number + 1] = places[place] end
        hide_number(list, hidden, of_number, #of_number)
        hide_track(raw, list, hidden, other.last)
      end
    end
  end
  return hidden
end

-- Bytes `from` to `to` of a text. Hidden ones are bullets, as are those of a recorder.
function values.text(raw, hidden, from, to)
  local out = {}
  for _, one in ipairs(characters(raw:sub(from, to))) do
    local first, last = from + one.from - 1, from + one.to - 1
    local bytes = raw:sub(first, last)
    if hidden[first] or bytes == "\127" then
      out[#out + 1] = "•"
    else
      out[#out + 1] = one.shown or bytes:gsub(".", function(byte) return string.format("\\x%02X", byte:byte()) end)
    end
  end
  return table.concat(out)
end

-- What Wireshark shows of a line is cut after 240 bytes, in the middle of a character if need be: better do it here.
function values.label(text)
  if #text <= 230 then return text end
  local cut = text:sub(1, 224)
  while cut:byte(-1) >= 0x80 and cut:byte(-1) < 0xC0 do cut = cut:sub(1, -2) end
  if cut:byte(-1) >= 0xC0 then cut = cut:sub(1, -2) end
  return cut .. "…"
end
