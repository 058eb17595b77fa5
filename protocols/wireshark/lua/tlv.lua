-- BER-TLV as EMV uses it: the same rules as protocols/emv/tlv.py.

local tlv = {}

local function tlv_tag(raw, at, ending)
  local start = at
  at = at + 1
  if raw:byte(start) % 32 == 31 then
    while at <= ending and raw:byte(at) >= 0x80 do at = at + 1 end
    at = at + 1
  end
  if at > ending + 1 then return nil, nil, string.format("the tag at offset %d has no end", start - 1) end
  return values.hex(raw:sub(start, at - 1)), at
end

local function tlv_length(raw, at, ending, tag)
  if at > ending then return nil, nil, string.format("tag %s at offset %d has no length", tag, at - 1) end
  local first = raw:byte(at)
  if first < 0x80 then return first, at + 1 end
  local count, size = first - 0x80, 0
  if count < 1 or count > 3 or at + count > ending then
    return nil, nil, string.format("tag %s at offset %d has the length form %02X", tag, at - 1, first)
  end
  for place = at + 1, at + count do size = size * 256 + raw:byte(place) end
  return size, at + 1 + count
end

local function tlv_read(raw, at, ending, depth, found)
  if depth > SPEC.deepest then
    return string.format("the template at offset %d is nested deeper than %d", at - 1, SPEC.deepest)
  end
  while at <= ending do
    if raw:byte(at) == 0 then
      at = at + 1
    else
      local start, tag, size, wrong = at, nil, nil, nil
      tag, at, wrong = tlv_tag(raw, at, ending)
      if not tag then return wrong end
      size, at, wrong = tlv_length(raw, at, ending, tag)
      if not size then return wrong end
      if at + size > ending + 1 then
        return string.format("tag %s at offset %d says %d bytes, %d are left", tag, at - 1, size, ending - at + 1)
      end
      local one = { tag = tag, start = start, from = at, to = at + size - 1 }
      found[#found + 1] = one
      if tonumber(tag:sub(1, 2), 16) % 64 >= 32 then
        local before = #found
        wrong = tlv_read(raw, at, at + size - 1, depth + 1, found)
        if wrong then return wrong end
        one.template = #found > before
      end
      at = at + size
    end
  end
end

-- Every data object, a template before what it holds; or nil and what is wrong.
function tlv.parse(raw)
  local found = {}
  local wrong = tlv_read(raw, 1, #raw, 0, found)
  if wrong then return nil, wrong end
  return found
end
