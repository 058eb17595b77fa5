-- The protocol, its fields and its expert notes, all from the tables above.

local proto = Proto(SPEC.abbrev, SPEC.name)
local F, E = {}, {}

local function declare(key, name, make)
  F[key] = (make or ProtoField.string)(SPEC.abbrev .. "." .. key, name)
end

declare("length", "length", ProtoField.uint16)
declare("tpdu", "TPDU")
declare("tpdu.to", "TPDU to")
declare("tpdu.from", "TPDU from")
declare("header", "header")
declare("mti", "MTI")
declare("bitmap", "bitmap")
declare("bit", "bit", ProtoField.uint8)
declare("transaction", "transaction")
declare("error", "error within a field")
declare("unread", "not read")
declare("time", "response time", ProtoField.relative_time)
F.request_in = ProtoField.framenum(SPEC.abbrev .. ".request_in", "request in", base.NONE, frametype.REQUEST)
F.response_in = ProtoField.framenum(SPEC.abbrev .. ".response_in", "response in", base.NONE, frametype.RESPONSE)
for number, field in pairs(SPEC.fields) do declare("f" .. number, "F" .. number .. " " .. field.name) end
for name, rows in pairs(SPEC.rows) do
  local number = name:match("^%d+")
  for _, row in ipairs(rows) do declare("f" .. number .. "." .. row.field, row.key) end
end
for _, part in ipairs(SPEC.lists) do declare("f" .. part.number .. "." .. part.field, part.name) end

E.malformed = ProtoExpert.new(SPEC.abbrev .. ".malformed", "malformed", expert.group.MALFORMED, expert.severity.ERROR)
E.parts = ProtoExpert.new(SPEC.abbrev .. ".field_malformed", "field malformed", expert.group.UNDECODED, expert.severity.WARN)
E.sequence = ProtoExpert.new(SPEC.abbrev .. ".sequence", "sequence", expert.group.SEQUENCE, expert.severity.NOTE)

local declared, notes = {}, {}
for _, field in pairs(F) do declared[#declared + 1] = field end
for _, note in pairs(E) do notes[#notes + 1] = note end
proto.fields, proto.experts = declared, notes
