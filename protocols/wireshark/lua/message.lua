-- A message from its MTI on: read once into values, then shown. What cannot be read is said as the codec says it.

local message = {}

local function has_no_digit(field, digits)
  if field.track then return false end
  if field.mask == "none" then return digits:find("[A-F]") ~= nil end
  if field.mask == "pan" and #digits >= 13 then -- the digits in its middle may be hidden by whoever recorded it
    local middle = digits:sub(7, -5)
    return (digits:sub(1, 6) .. digits:sub(-4)):find("[A-F]") ~= nil or middle:find("[A-E]") ~= nil
  end
  return digits:find("[A-E]") ~= nil
end

local function read_digits(field, value, units)
  local nibbles = values.hex(value.raw)
  value.digits = field.left and nibbles:sub(#nibbles - units + 1) or nibbles:sub(1, units)
  if has_no_digit(field, value.digits) then
    value.wrong = "it holds a nibble that is no digit (it may be binary or ASCII here)"
  end
end

-- Bytes and units of a field at a place of the body, or nil and what is wrong.
local function measure(field, body, at)
  if field.prefix == 0 then return at, field.most end
  local width = field.prefix / 2
  local digits = values.hex(body:sub(at, at + width - 1)):lower()
  if #digits ~= field.prefix then return nil, "its length is missing (the message is cut short)" end
  local advice = "the field before it may be longer or shorter than read"
  if body:sub(at, at + width):find("^" .. ("%d"):rep(width + 1) .. "$") then
    advice = "it looks like a length in ASCII; this link packs it in BCD"
  end
  if not values.is_digits(digits) then return nil, "its length " .. digits .. " is no BCD (" .. advice .. ")" end
  if tonumber(digits) > field.most then
    return nil, string.format("its length %s is over %d (%s)", digits, field.most, advice)
  end
  return at + width, tonumber(digits)
end

local function read_field(number, field, body, at)
  local from, units = measure(field, body, at)
  if not from then return nil, units end
  local size = field.encoding == "bcd" and math.ceil(units / 2) or units
  local value = { number = number, spec = field, units = units, at = at, from = from }
  value.raw = body:sub(from, from + size - 1)
  if #value.raw ~= size then
    return nil, string.format("%d bytes are due, %d are left (the message is cut short)", size, #value.raw)
  end
  value.ending = from + size
  if field.encoding == "bcd" then
    read_digits(field, value, units)
  elseif field.encoding == "text" then
    value.secrets = field.mask == "text" and values.secrets(value.raw) or {}
    if not values.is_text(value.raw, field.ascii) then
      value.wrong = "it is no " .. (field.ascii and "ascii" or "gb18030") .. " text (it may be binary or BCD here)"
    end
  end
  return value
end

local function is_named(bitmap, number)
  local byte = bitmap:byte(math.floor((number - 1) / 8) + 1)
  return math.floor(byte / 2 ^ (7 - (number - 1) % 8)) % 2 == 1
end

local function mti_advice(body)
  if values.hidden_whole(body) then return "whoever recorded it could not read it, and hid it" end
  if values.is_digits(body:sub(1, 4)) then return "it looks like an MTI in ASCII; this link packs it in BCD" end
  return "is a TPDU or header missing, or there twice?"
end

-- The fields in order, and the first mistake after which nothing more can be read: {text, at}.
function message.read(body)
  local read = { fields = {}, by_number = {} }
  if #body < SPEC.bitmap_end then
    local told = "MTI: %d bytes are too short for MTI and bitmap (the message is cut short)"
    read.mistake = { text = told:format(#body), at = 1 }
    return read
  end
  local mti = values.hex(body:sub(1, SPEC.mti_bytes)):lower()
  if not mti:find("^0%d%d%d$") then
    read.mistake = { text = "MTI: " .. mti .. " is no MTI (" .. mti_advice(body) .. ")", at = 1 }
    return read
  end
  read.mti, read.bitmap = mti, body:sub(SPEC.mti_bytes + 1, SPEC.bitmap_end)
  local at = SPEC.bitmap_end + 1
  for number = 1, #read.bitmap * 8 do
    if is_named(read.bitmap, number) then
      local field, value, wrong = SPEC.fields[number], nil, nil
      if field then value, wrong = read_field(number, field, body, at) end
      if not value then
        local name = field and " " .. field.name or ""
        wrong = wrong or ("the bitmap names it, " .. SPEC.name .. " has no such field (the bitmap may be wrong)")
        read.mistake = { text = "F" .. number .. name .. ": " .. wrong, at = at }
        return read
      end
      at = value.ending
      value.message = read
      read.fields[#read.fields + 1], read.by_number[number] = value, value
    end
  end
  if at <= #body then
    local told = "end: %d bytes are left over (a length or the bitmap is wrong)"
    read.mistake = { text = told:format(#body - at + 1), at = at }
  end
  return read
end

-- ── what it is ────────────────────────────────────────────────────────────────────────────────────────────────────

local function digits_of(read, number)
  local value = read.by_number[number]
  return value and not value.wrong and (value.digits or value.raw) or ""
end

local function transaction_of(read)
  local request = read.is_reply and string.format("%04d", tonumber(read.mti) - 10) or read.mti
  local f3, f25 = digits_of(read, SPEC.numbers.processing), digits_of(read, SPEC.numbers.condition)
  local f60 = digits_of(read, SPEC.numbers.kind)
  for _, row in ipairs(SPEC.matrix) do
    local same_mti = request == row.mti or (row.reversible and request == SPEC.reversal_mti)
    local same_row = row.any_f3 or (row.f3 == f3 and row.f25 == f25 and row.f60_1 == f60:sub(1, 2))
    if same_mti and same_row and (row.f3 ~= "" or row.f60_3[read.management]) then
      return (request == SPEC.reversal_mti and "reversal of " or "") .. row.name
    end
  end
end

-- Tells what a message is, as far as it could be read: reply or request, transaction, and what matches the two.
function message.name(read)
  read.is_reply = tonumber(read.mti:sub(3, 3)) % 2 == 1
  read.management = digits_of(read, SPEC.numbers.kind):sub(9, 11)
  read.transaction = transaction_of(read)
  read.trace, read.terminal = digits_of(read, SPEC.numbers.trace), digits_of(read, SPEC.numbers.terminal)
  read.code = digits_of(read, SPEC.numbers.code)
end

-- A message in a line: `pre-authorisation 0100 STAN 000123 1000.00 CNY`, or `… → 00 approved 001234`.
function message.summary(read)
  local told = { read.transaction or "message", read.mti }
  if read.trace ~= "" then told[#told + 1] = "STAN " .. read.trace end
  if read.is_reply then
    if read.code ~= "" then
      local approval = digits_of(read, SPEC.numbers.approval):gsub("%s+$", "")
      local said = read.code == SPEC.approved and "approved" or (SPEC.codes[read.code] or "declined")
      told[#told + 1] = "→ " .. values.text(read.code, {}, 1, #read.code)
      told[#told + 1] = said
      if approval ~= "" and approval:find("^%w+$") then told[#told + 1] = approval end
    end
  else
    local amount, currency = digits_of(read, SPEC.numbers.amount), digits_of(read, SPEC.numbers.currency)
    if amount ~= "" then told[#told + 1] = values.money(amount, currency:find("^%d%d%d$") and currency or nil) end
  end
  if read.mistake then told[#told + 1] = "[malformed]" end
  return table.concat(told, " ")
end

-- ── how it is shown ───────────────────────────────────────────────────────────────────────────────────────────────

local show = {}

function show.none(value)
  if value.digits then return value.digits end
  if value.spec.encoding == "text" then return show.text(value) end
  return value.raw:find("^%w+$") and value.raw or values.hex(value.raw)
end

function show.text(value)
  local secrets = value.spec.mask == "text" and value.secrets or {}
  return values.text(value.raw, secrets, 1, #value.raw)
end

function show.pan(value)
  return value.wrong and "(" .. value.units .. " digits, hidden)" or values.mask_pan(value.digits)
end

function show.length(value)
  return string.format("(%d %s, hidden)", value.units, value.digits and "digits" or "bytes")
end

function show.tlv(value) return value.units .. " bytes" end

local function show_parts(value, item)
  local lines, wrong = parts.of(value)
  if not lines then
    local mark = value.spec.mask == "tlv" and " error" or ".error"
    local told = "F" .. value.number .. mark .. ": " .. wrong
    item:add(F.error, value.tvb(value.offset, #value.raw), wrong, told)
    item:add_proto_expert_info(E.parts, told)
    return
  end
  for _, one in ipairs(lines) do
    local range = value.tvb(value.offset + one.from, math.max(one.to - one.from, 0))
    local field = F["f" .. value.number .. "." .. one.field]
    item:add(field, range, one.value, values.label(one.key .. ": " .. one.value))
  end
end

local function show_bitmap(read, tvb, from, tree)
  local range = tvb(from + SPEC.mti_bytes, #read.bitmap)
  local item = tree:add(F.bitmap, range, values.hex(read.bitmap), "bitmap: " .. values.hex(read.bitmap))
  for number = 1, #read.bitmap * 8 do
    if is_named(read.bitmap, number) then
      local byte = tvb(from + SPEC.mti_bytes + math.floor((number - 1) / 8), 1)
      local field = SPEC.fields[number]
      item:add(F.bit, byte, number, string.format("bit %d: %s", number, field and field.name or "no such field"))
    end
  end
end

local function show_field(value, tree)
  local told, field = show[value.spec.mask](value), value.spec
  local label = string.format("F%d %s: %s", value.number, field.name, told)
  if value.number == SPEC.numbers.code and SPEC.codes[told] then label = label .. " (" .. SPEC.codes[told] .. ")" end
  local item = tree:add(F["f" .. value.number], value.tvb(value.start, value.size), told, values.label(label))
  if value.wrong then
    item:add_proto_expert_info(E.malformed, string.format("F%d %s: %s", value.number, field.name, value.wrong))
  else
    show_parts(value, item)
  end
end

-- The tree of a message whose body begins at `from` of a tvb.
function message.show(read, tvb, from, size, tree)
  read.tvb = tvb
  for _, value in ipairs(read.fields) do
    value.tvb, value.offset = tvb, from + value.from - 1
    value.start, value.size = from + value.at - 1, value.ending - value.at
  end
  if read.mti then
    tree:add(F.mti, tvb(from, SPEC.mti_bytes), read.mti, "MTI: " .. read.mti)
    show_bitmap(read, tvb, from, tree)
  end
  for _, value in ipairs(read.fields) do show_field(value, tree) end
  if read.mistake then
    local left = size - read.mistake.at + 1
    local rest = left > 0 and tvb(from + read.mistake.at - 1, left) or tvb(from + size, 0)
    local item = tree:add(F.unread, rest, string.format("(%d bytes, not read)", math.max(left, 0)))
    item:add_proto_expert_info(E.malformed, read.mistake.text)
  end
end
