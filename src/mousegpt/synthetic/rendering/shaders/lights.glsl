// The lights of a look; see looks.py.
uniform vec3 key, key_color, fill, fill_color, sky, bounce;

// Light on the floor without anything standing on it.
vec3 light_floor() {
    return 0.85 * sky + 0.55 * (max(key.z, 0.0) * key_color + max(fill.z, 0.0) * fill_color);
}
