-- Frames of a TCP stream, requests and their replies, and the registration with Wireshark.

local stream = {}
local asked = {} -- by what matches the two: every request so far, oldest first
local links = {} -- by packet and what matches: the request that it is, or that it answers

function proto.init() asked, links = {}, {} end

-- ── matching: by addresses, MTI, terminal and trace ───────────────────────────────────────────────────────────────

local function key_of(read, pinfo)
  if read.trace == "" or read.terminal == "" then return nil end
  local terminal, host, mti = tostring(pinfo.src), tostring(pinfo.dst), tonumber(read.mti)
  if read.is_reply then terminal, host, mti = host, terminal, mti - 10 end
  return table.concat({ terminal, host, mti, read.terminal, read.trace }, "\0")
end

local function remember(read, pinfo, key)
  local place = pinfo.number .. (read.is_reply and "<" or ">") .. key
  if pinfo.visited or links[place] then return links[place] end
  local list = asked[key] or {}
  asked[key] = list
  if read.is_reply then
    local request = list[#list]
    links[place] = { request = request, again = request ~= nil and request.reply ~= nil }
    if request and not request.reply then request.reply = pinfo.number end
  else
    links[place] = { number = pinfo.number, time = pinfo.rel_ts, first = list[1] and list[1].number }
    list[#list + 1] = links[place]
  end
  return links[place]
end

local function show_reply(link, pinfo, tree)
  local request = link.request
  if not request then
    tree:add_proto_expert_info(E.sequence, "no request for it stands in this capture")
    return
  end
  tree:add(F.request_in, request.number):set_generated()
  local passed = math.max(pinfo.rel_ts - request.time, 0)
  local seconds = math.floor(passed)
  tree:add(F.time, NSTime.new(seconds, math.floor((passed - seconds) * 1e9 + 0.5))):set_generated()
  if link.again then tree:add_proto_expert_info(E.sequence, "its request was answered before, in packet " .. request.reply) end
end

local function show_match(read, pinfo, tree)
  local key = key_of(read, pinfo)
  local link = key and remember(read, pinfo, key)
  if not link then return end
  if read.is_reply then
    show_reply(link, pinfo, tree)
    return
  end
  if link.reply then tree:add(F.response_in, link.reply):set_generated() end
  if link.first then tree:add_proto_expert_info(E.sequence, "it was asked before, first in packet " .. link.first) end
end

-- ── one frame ─────────────────────────────────────────────────────────────────────────────────────────────────────

local function malformed(tree, range, text)
  tree:add(F.unread, range, string.format("(%d bytes, not read)", range:len())):add_proto_expert_info(E.malformed, text)
end

local function show_tpdu(tvb, at, tree)
  local digits = values.hex(tvb:raw(at, SPEC.tpdu_bytes))
  local item = tree:add(F.tpdu, tvb(at, SPEC.tpdu_bytes), digits, "TPDU: " .. digits)
  item:add(F["tpdu.to"], tvb(at + 1, 2), digits:sub(3, 6), "to: " .. digits:sub(3, 6))
  item:add(F["tpdu.from"], tvb(at + 3, 2), digits:sub(7, 10), "from: " .. digits:sub(7, 10))
end

-- Shows one whole frame; returns it in a line.
function stream.frame(tvb, at, size, pinfo, root)
  local tree = root:add(proto, tvb(at, SPEC.length_bytes + size))
  tree:add(F.length, tvb(at, SPEC.length_bytes), size, "length: " .. size)
  local from, ending = at + SPEC.length_bytes, at + SPEC.length_bytes + size
  local tpdu = values.hex(tvb:raw(from, math.min(size, SPEC.tpdu_bytes)))
  if size < 1 or tpdu:sub(1, 2) ~= SPEC.tpdu_id or not values.is_digits(tpdu) then
    local there = size > 0 and tpdu:sub(1, 2) or "nothing"
    local due = "a TPDU of " .. SPEC.tpdu_id .. " and digits should (is there a TPDU at all?)"
    malformed(tree, tvb(from, size), "TPDU: " .. there .. " stands where " .. due)
    return "frame without a TPDU [malformed]"
  end
  local start = from + SPEC.tpdu_bytes + SPEC.header_bytes
  if start > ending then
    malformed(tree, tvb(from, size), "header: the frame ends within it (the frame is cut short)")
    return "frame cut short [malformed]"
  end
  show_tpdu(tvb, from, tree)
  local header = values.hex(tvb:raw(from + SPEC.tpdu_bytes, SPEC.header_bytes))
  if not values.is_digits(header) then
    malformed(tree, tvb(from, size), "header: it is not 12 digits (is there a header at all?)")
    return "frame without a header [malformed]"
  end
  tree:add(F.header, tvb(from + SPEC.tpdu_bytes, SPEC.header_bytes), header, "header: " .. header)
  local body = start < ending and tvb:raw(start, ending - start) or ""
  local read = message.read(body)
  if read.mti then message.name(read) end
  if read.transaction then
    tree:add(F.transaction, tvb(start, SPEC.mti_bytes), read.transaction, "transaction: " .. read.transaction):set_generated()
  end
  message.show(read, tvb, start, #body, tree)
  if not read.mti then return "message [malformed]" end
  show_match(read, pinfo, tree)
  local summary = message.summary(read)
  tree:append_text(": " .. summary)
  return summary
end

-- ── the stream ────────────────────────────────────────────────────────────────────────────────────────────────────

local function wait_for(pinfo, at, bytes)
  pinfo.desegment_offset = at
  pinfo.desegment_len = bytes
end

local function out_of_step(tvb, at, stated, root)
  local tree = root:add(proto, tvb(at))
  local advice = "is the stream out of step, or its first byte the lower one?"
  if values.is_digits(tvb:raw(at, SPEC.length_bytes)) then advice = "it looks like ASCII digits; this link has two binary bytes" end
  malformed(tree, tvb(at), string.format("length: length prefix %d is over %d (%s)", stated, SPEC.longest, advice))
end

local function cut_off(tvb, at, root)
  local tree = root:add(proto, tvb(at))
  malformed(tree, tvb(at), "length: the frame goes on where this capture does not (the frame is cut short)")
end

-- Every whole frame from the start of a tvb; what is not whole yet waits for the next segment.
function stream.read(tvb, pinfo, root)
  local at, total, told = 0, tvb:len(), {}
  pinfo.cols.protocol = SPEC.short
  while at < total do
    local left = total - at
    local stated = left >= SPEC.length_bytes and tvb(at, SPEC.length_bytes):uint() or nil
    if stated and stated > SPEC.longest then
      out_of_step(tvb, at, stated, root)
      told[#told + 1] = "no frame [malformed]"
      at = total
    elseif not stated or left < SPEC.length_bytes + stated then
      if pinfo.can_desegment > 0 then
        wait_for(pinfo, at, stated and SPEC.length_bytes + stated - left or DESEGMENT_ONE_MORE_SEGMENT)
        break
      end
      cut_off(tvb, at, root)
      told[#told + 1] = "frame cut short [malformed]"
      at = total
    else
      told[#told + 1] = stream.frame(tvb, at, stated, pinfo, root)
      at = at + SPEC.length_bytes + stated
    end
  end
  if #told > 0 then
    pinfo.cols.info:clear()
    pinfo.cols.info:append(table.concat(told, "; "))
    pinfo.cols.info:fence()
  end
  return total
end

-- A record of TLS: as a length, its first two bytes are more than any frame has. What is within, if Wireshark has the
-- keys, comes back by its looks.
local function is_tls(tvb)
  if tvb:len() < 3 then return false end
  local kind, major, minor = tvb:raw(0, 3):byte(1, 3)
  return kind >= 20 and kind <= 23 and major == 3 and minor <= 4
end

function proto.dissector(tvb, pinfo, root)
  if is_tls(tvb) then return Dissector.get("tls"):call(tvb, pinfo, root) end
  return stream.read(tvb, pinfo, root)
end

-- A stream on any port that begins with a length, a TPDU and an MTI that fit each other.
local function looks_like_it(tvb)
  local head = SPEC.length_bytes + SPEC.tpdu_bytes + SPEC.header_bytes
  if tvb:len() < head + SPEC.bitmap_end then return false end
  local stated = tvb(0, SPEC.length_bytes):uint()
  local digits = values.hex(tvb:raw(SPEC.length_bytes, head - SPEC.length_bytes + SPEC.mti_bytes))
  local tpdu, mti = digits:sub(1, 2 * SPEC.tpdu_bytes), digits:sub(-2 * SPEC.mti_bytes)
  return stated >= head - SPEC.length_bytes + SPEC.bitmap_end and stated <= SPEC.longest
    and tpdu:sub(1, 2) == SPEC.tpdu_id and values.is_digits(tpdu) and mti:find("^0[1-8]%d0$") ~= nil
end

local function by_looks(tvb, pinfo, root)
  if not looks_like_it(tvb) then return false end
  pinfo.conversation = proto
  stream.read(tvb, pinfo, root)
  return true
end

-- ── registration ──────────────────────────────────────────────────────────────────────────────────────────────────

proto.prefs.ports = Pref.range("TCP ports", SPEC.port, "TCP ports of issuer hosts; other ports are told by their first bytes", 65535)
local tcp, listening = DissectorTable.get("tcp.port"), nil

local function listen()
  if listening == proto.prefs.ports then return end
  if listening then tcp:remove(listening, proto) end
  listening = proto.prefs.ports
  tcp:add(listening, proto)
end

function proto.prefs_changed() listen() end

listen()
proto:register_heuristic("tcp", by_looks)
proto:register_heuristic("tls", by_looks)
