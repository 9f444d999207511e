"""Protobuf to domain and back. The only room that knows the generated messages.

Reading checks every bound that the .proto files state and raises Malformed(FIELD_INVALID) with the field's path, so
that nothing behind this room meets a value outside its bounds. Writing masks personal data wherever a person may look.
"""
