internal import Bytes

/// The Lua scripts that write a value with its version (state.md §14 of the specification): what they
/// do to a hash is what Dapr's do, so that both may share one Redis. The error is raised in line 14,
/// where Dapr's text has it.
enum RedisScripts {
    /// KEYS[1] the key; ARGV[1] the etag or 0, ARGV[2] the value, ARGV[3] 0 for a first write.
    static let set = ByteSlice(
        utf8: """
            local version = redis.pcall("HGET", KEYS[1], "version")
            if type(version) == "table" then
              redis.call("DEL", KEYS[1])
              version = false
            end
            local flagged = redis.call("HGET", KEYS[1], "first-write")
            if not version or version == "" or version == ARGV[1]
               or (not flagged and ARGV[1] == "0") then
              redis.call("HSET", KEYS[1], "data", ARGV[2])
              if ARGV[3] == "0" then redis.call("HSET", KEYS[1], "first-write", 0) end
              return redis.call("HINCRBY", KEYS[1], "version", 1)
            else
              -- not allowed: the etag is another, or a first write has flagged the key
              return error("failed to set key " .. KEYS[1])
            end
            """)

    /// KEYS[1] the key; ARGV[1] the etag or 0.
    static let delete = ByteSlice(
        utf8: """
            local version = redis.pcall("HGET", KEYS[1], "version")
            if not version or type(version) == "table" or version == ""
               or version == ARGV[1] or ARGV[1] == "0" then
              return redis.call("DEL", KEYS[1])
            else
              return error("failed to delete " .. KEYS[1])
            end
            """)
}
