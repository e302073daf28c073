-- Grant requests against rolling windows, and count them, at once.
--
-- KEYS[1]  a hash of the account's counts: "epoch", and "<window>:<start>:<lane>" for each bucket
-- ARGV     epoch, or "" to look only; now (Unix seconds); lane; wanted;
--          bounds on the minute, on the day, on the lane's own day (-1: none);
--          seconds that a bucket counts from its start, in the minute and in the day;
--          width of the day's buckets; seconds to keep the hash
-- Returns  {1, granted}, or {0, 0} where the counts are missing or of another epoch
local epoch, now, lane, wanted = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local bounds = { m = tonumber(ARGV[5]), d = tonumber(ARGV[6]), own = tonumber(ARGV[7]) }
local lasts = { m = tonumber(ARGV[8]), d = tonumber(ARGV[9]) }
local width = tonumber(ARGV[10])

local known = redis.call('HGET', KEYS[1], 'epoch')
if not known or (epoch ~= '' and known ~= epoch) then return { 0, 0 } end

local used, gone = { m = 0, d = 0, own = 0 }, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local window, start, whose = string.match(fields[i], '^(%a):(%d+):(%a+)$')
  if window and tonumber(start) + lasts[window] <= now then
    gone[#gone + 1] = fields[i]
  elseif window then
    local count = tonumber(fields[i + 1])
    used[window] = used[window] + count
    if window == 'd' and whose == lane then used.own = used.own + count end
  end
end

local granted = wanted
for name, bound in pairs(bounds) do
  if bound >= 0 then granted = math.min(granted, bound - used[name]) end
end
granted = math.max(granted, 0)

if epoch ~= '' and granted > 0 then
  for i = 1, #gone, 1000 do
    redis.call('HDEL', KEYS[1], unpack(gone, i, math.min(i + 999, #gone)))
  end
  local second = math.floor(now)
  redis.call('HINCRBY', KEYS[1], 'm:' .. second .. ':' .. lane, granted)
  redis.call('HINCRBY', KEYS[1], 'd:' .. second - second % width .. ':' .. lane, granted)
  redis.call('EXPIRE', KEYS[1], ARGV[11])
end
return { 1, granted }
