"""The JSON that addresses below `/v1` take and give: how it is checked, shown and described."""
