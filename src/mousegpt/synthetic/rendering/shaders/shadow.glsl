// Share of the key light that reaches a place, from the depth map of the mouse.
uniform sampler2D shadow_map;
uniform mat4 shadow_view;   // world to the map's clip space
uniform float shadow_soft;  // half width of the penumbra, share of the map

// The jitter (-0.5 to 0.5) moves the samples, so that their steps become noise.
float measure_shadow(vec3 place, float bias, vec2 jitter) {
    vec3 q = (shadow_view * vec4(place, 1.0)).xyz * 0.5 + 0.5;
    if (any(lessThan(q.xy, vec2(0.0))) || any(greaterThan(q.xy, vec2(1.0)))) return 1.0;
    float lit = 0.0;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++) {
            float depth = textureLod(shadow_map, q.xy + (vec2(i, j) + jitter) * shadow_soft, 0.0).r;
            lit += smoothstep(-0.004, 0.0, depth + bias - q.z);
        }
    return lit / 9.0;
}
