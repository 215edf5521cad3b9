"""For schemathesis: half of the requests are about something that exists, since ids that nobody has are all answered alike."""

import json
import os
import zlib

import schemathesis

KNOWN = json.loads(os.environ["KNOWN_IDS"])


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    ids = KNOWN.get(context.operation.path.split("/")[1], [])
    if ids and path_parameters:
        first = next(iter(path_parameters))
        drawn = zlib.crc32(repr(path_parameters[first]).encode())
        if drawn % 2:
            path_parameters[first] = ids[drawn // 2 % len(ids)]
    return path_parameters
