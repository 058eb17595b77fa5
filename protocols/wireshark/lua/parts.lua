-- Fields within fields. A reader gives lines {field, key, value, from, to}, or nil and what is wrong; `from` and `to`
-- are bytes of the value, from 0 up to.

local parts = {}

local function line(field, key, value, from, to)
  return { field = field, key = key, value = value, from = from, to = to }
end

-- ── F55 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

-- An issuer's command: data that hold a PIN, if only an enciphered one, as FF behind the header.
local function shown_command(raw)
  local script, head = SPEC.script, values.hex(raw:sub(2, 2))
  local size = #raw - script.header
  if size <= 0 or not script.instructions[head] then return values.hex(raw) end
  if head .. values.hex(raw:sub(4, 4)) == script.unblock and size <= script.longest_mac then return values.hex(raw) end
  return values.hex(raw:sub(1, script.header)) .. ("FF"):rep(size)
end

-- Chip data tag by tag, a template before what it holds; a tag that comes again is counted.
function parts.chip(value)
  if values.hidden_whole(value.raw) then return {} end
  local found, wrong = tlv.parse(value.raw)
  if not found then return nil, wrong end
  local lines, seen = {}, {}
  for _, one in ipairs(found) do
    local known = SPEC.tags[one.tag]
    local key = "F" .. value.number .. "." .. one.tag .. " " .. (known and known.name or "unknown")
    seen[key] = (seen[key] or 0) + 1
    local content = value.raw:sub(one.from, one.to)
    local shown = one.tag == SPEC.script.tag and shown_command(content) or values.hex(content)
    if one.template then
      shown = string.format("%d bytes", #content)
    elseif known and known.hidden then
      shown = string.format("(%d bytes, hidden)", #content)
    end
    if seen[key] > 1 then key = key .. " (" .. seen[key] .. ")" end
    lines[#lines + 1] = line(known and "tag." .. one.tag or "tag.unknown", key, shown, one.start - 1, one.to)
  end
  return lines
end

-- ── by tables ─────────────────────────────────────────────────────────────────────────────────────────────────────

local function meant(row, value)
  return row.means[value] and value .. " " .. row.means[value] or value
end

-- Digits, or text of one byte a character, cut by the length that is there. `each` is how many of them a byte holds.
local function cut(name, content, each, first)
  local lines, at = {}, (first or 1)
  for _, row in ipairs(SPEC.rows[name]) do
    local value = content:sub(at, at + row.width - 1)
    if value == "" then break end
    lines[#lines + 1] = line(
      row.field, row.key, meant(row, value), math.floor((at - 1) / each), math.ceil((at - 1 + #value) / each)
    )
    at = at + row.width
  end
  return lines
end

local function cut_text(name, value)
  local lines, at = {}, 1
  for _, row in ipairs(SPEC.rows[name]) do
    if at > #value.raw then break end
    local to = math.min(at + row.width - 1, #value.raw)
    if not values.is_text(value.raw:sub(at, to)) then return nil, row.key .. ": it is no gb18030 text" end
    local shown = values.text(value.raw, value.secrets, at, to):gsub(" +$", "")
    if shown ~= "" then lines[#lines + 1] = line(row.field, row.key, meant(row, shown), at - 1, to) end
    at = at + row.width
  end
  return lines
end

local function text_of(value, from, to)
  local raw = value.raw:sub(from, to)
  return values.text(raw, values.secrets(raw), 1, #raw)
end

-- ── one field each ────────────────────────────────────────────────────────────────────────────────────────────────

local fields = {}

fields["44"] = function(value) return cut_text("44", value) end
fields["60"] = function(value) return cut("60", value.digits, 2) end
fields["61"] = function(value) return cut("61", value.digits, 2) end
fields["63"] = function(value) return cut_text(value.message.is_reply and "63" or "63.request", value) end

fields["53"] = function(value)
  local track = value.digits:sub(3, 3)
  if not SPEC.rows["53"][3].means[track] then return nil, track .. " tells nothing of the track" end
  return cut("53", value.digits, 2)
end

fields["54"] = function(value)
  local lines = {}
  for at = 1, #value.raw, SPEC.balance do
    local text = value.raw:sub(at, at + SPEC.balance - 1)
    local account, kind, currency, sign, amount = text:match("^(%d%d)(%d%d)(%d%d%d)([CD])(%d+)$")
    if not account or #text ~= SPEC.balance then return nil, #text .. " characters are no balance" end
    local told = string.format(
      "account %s, kind %s, %s minor units of %s in %s", account, kind, values.plain(amount), currency,
      (sign == "D" and values.plain(amount) ~= "0") and "debit" or "credit"
    )
    lines[#lines + 1] = line("balance", "F54." .. (#lines + 1) .. " balance", told, at - 1, at - 1 + #text)
  end
  return lines
end

local function by_message(readers, value)
  local name = readers[value.message.mti .. " " .. value.message.management]
  if not name then return {} end
  return parts[name](value)
end

fields["48"] = function(value)
  if value.digits:find("[A-F]") then return {} end -- hidden by whoever recorded it
  return by_message(SPEC.readers_48, value)
end

fields["62"] = function(value) return by_message(SPEC.readers_62, value) end

-- ── F48 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function parts.totals(value)
  if #value.digits ~= 2 * SPEC.totals then return nil, #value.digits .. " digits are no totals" end
  local lines = cut("48.domestic", value.digits, 2)
  for _, one in ipairs(cut("48.foreign", value.digits, 2, SPEC.totals + 1)) do lines[#lines + 1] = one end
  return lines
end

local function record(digits)
  local at, found = 1, {}
  for _, row in ipairs(SPEC.record) do
    found[row.name] = digits:sub(at, at + row.width - 1)
    at = at + row.width
  end
  local pan = found["PAN"]:gsub("^0+", "")
  if #pan < 13 or #pan > 19 or not values.has_right_check_digit(pan) then
    return "(hidden: where its card number is due stands none)"
  end
  local class = found["card class"]
  return string.format(
    "%s, trace %s, %s, %s minor units", SPEC.card_classes[class] or "card class " .. class, found["trace"],
    values.mask_pan(pan), values.plain(found["amount"])
  )
end

function parts.records(value)
  local count = tonumber(value.digits:sub(1, 2))
  if not count or count < 1 or count > SPEC.most_records then return nil, "its count of records cannot be" end
  if #value.digits ~= 2 + count * SPEC.record_width then
    return nil, string.format("it says %d records, %d digits follow", count, #value.digits - 2)
  end
  local lines = { line("records", "F48.0 records", tostring(count), 0, 1) }
  for place = 1, count do
    local from = 2 + (place - 1) * SPEC.record_width
    local digits = value.digits:sub(from + 1, from + SPEC.record_width)
    lines[#lines + 1] = line("record", "F48." .. place .. " record", record(digits), from / 2, (from + #digits) / 2)
  end
  return lines
end

parts["end"] = function(value)
  if #value.digits ~= 4 then return nil, #value.digits .. " digits instead of 4" end
  return { line("records", "F48.1 records in all", values.plain(value.digits), 0, 2) }
end

-- ── F62 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function parts.wrapped_keys(value)
  local form = SPEC.key_layouts[#value.raw]
  if not form then return nil, #value.raw .. " bytes are no set of keys" end
  local lines, step = {}, form.key_bytes + SPEC.check_bytes
  for place = 1, form.keys do
    local told = string.format("(%d bytes and check value, hidden)", form.key_bytes)
    local key = "F62." .. place .. " " .. SPEC.key_names[place]
    lines[place] = line("key", key, told, (place - 1) * step, place * step)
  end
  return lines
end

-- What needs the content of F62, which a recorder hides.
local function of_content(name, read)
  parts[name] = function(value)
    if values.hidden_whole(value.raw) then return {} end
    return read(value)
  end
end

of_content("sequence", function(value)
  local mark = SPEC.sequence_mark
  local stated = value.raw:sub(#mark + 1, #mark + 2)
  local size = #value.raw - #mark - 2
  if value.raw:sub(1, #mark) ~= mark then return nil, "it does not begin with `" .. mark .. "`" end
  if not values.is_digits(stated) or tonumber(stated) ~= size then return nil, "its length is not that of what follows" end
  local from, licence = #mark + 3, size >= SPEC.long_licence_from and 8 or 4
  local function told(key, first, last)
    return line("terminal", key, (text_of(value, first, last):gsub(" +$", "")), first - 1, math.min(last, #value.raw))
  end
  return { told("F62.1 licence", from, from + licence - 1), told("F62.2 serial number", from + licence, #value.raw) }
end)

local function switches(content)
  local found = {}
  for _, switch in ipairs(SPEC.switches) do
    local byte = content:byte(switch.byte + 1)
    if byte and math.floor(byte / switch.bit) % 2 == 1 then found[#found + 1] = switch.name end
  end
  return #found > 0 and table.concat(found, ", ") or "none"
end

of_content("parameters", function(value)
  local lines, at = {}, 1
  while at <= #value.raw do
    local tag = value.raw:sub(at, at + 1)
    local known = SPEC.parameters[tag]
    if not known then return nil, "no parameter has the tag that stands at byte " .. at - 1 end
    local from, to = at + 2, at + 1 + known.width
    local content = value.raw:sub(from, to)
    if #content ~= known.width then return nil, string.format("%s: %d bytes are due", tag, known.width) end
    if known.kind == "DIGITS" and not values.is_digits(content) then return nil, known.name .. " is no number" end
    if known.kind ~= "BYTES" and not values.is_text(content) then return nil, known.name .. " is no text" end
    local shown = known.kind == "BYTES" and switches(content) or text_of(value, from, to):gsub(" +$", "")
    lines[#lines + 1] = line("parameter." .. tag, "F62." .. tag .. " " .. known.name, shown, at - 1, to)
    at = to + 1
  end
  return lines
end)

of_content("query", function(value)
  local have = value.raw:match("^1(%d%d)$")
  if not have then return nil, #value.raw .. " bytes are no query" end
  return { line("have", "F62.1 objects that the terminal has", values.plain(have), 1, 3) }
end)

local function objects(value, from, lines)
  local found, wrong = tlv.parse(value.raw:sub(from))
  if not found then return nil, wrong end
  local place, skip = 0, 0
  for _, one in ipairs(found) do
    if one.start >= skip then -- what a template holds is part of its value
      if one.tag == SPEC.object_first then place = place + 1 end
      if place == 0 then return nil, "it begins with tag " .. one.tag end
      local known, size = SPEC.object_tags[one.tag], one.to - one.from + 1
      local content = value.raw:sub(from + one.from - 1, from + one.to - 1)
      local shown = known and size <= SPEC.longest_shown and values.hex(content) or string.format("(%d bytes)", size)
      local key = "F62." .. place .. "." .. one.tag .. " " .. (known or "unknown")
      lines[#lines + 1] = line("object", key, shown, from + one.start - 2, from + one.to - 1)
      skip = one.to + 1
    end
  end
  return lines
end

of_content("asked", function(value) return objects(value, 1, {}) end)

of_content("load", function(value)
  local state = value.raw:sub(1, 1)
  if not SPEC.states[state] then return nil, "its state is none" end
  return objects(value, 2, { line("state", "F62.0 state", state .. " " .. SPEC.states[state], 0, 1) })
end)

of_content("chip_upload", function(value)
  local due = SPEC.uploads[value.raw:sub(1, 2)]
  local amount = value.raw:sub(7, 18)
  if due ~= #value.raw or value.raw:find("[\128-\255]") or value.raw:find(" $") then
    return nil, #value.raw .. " bytes are no chip upload"
  end
  if not values.is_digits(amount) then return nil, "amount: it is no number" end
  return cut("62.chip", value.raw, 1)
end)

-- Lines of one field of a message, or nil and what is wrong.
function parts.of(value)
  if value.spec.mask == "tlv" then return parts.chip(value) end
  local read = fields[tostring(value.number)]
  if not read then return {} end
  return read(value)
end
