-- Start an account's counts again from the rows, unless that was done for this epoch already.
--
-- KEYS[1]  the hash of the account's counts
-- ARGV     epoch; seconds to keep the hash; then fields and values
local known = redis.call('HGET', KEYS[1], 'epoch')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
for i = 3, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
