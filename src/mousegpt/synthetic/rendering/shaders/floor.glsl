// Floor, table and what lies on them; places in cm.
uniform vec3 floor_color, table_color;
uniform float floor_grain, floor_dirt, floor_reflectivity;
uniform bool bedding;

vec3 scatter_chips(vec2 place) {  // wood chips in layers, the upper ones cover the lower
    vec3 color = vec3(0.16, 0.11, 0.065);
    for (int layer = 0; layer < 4; layer++) {
        vec2 q = place * (1.5 + 0.35 * float(layer)) + 13.7 * float(layer), cell = floor(q);
        for (int i = -1; i <= 1; i++)
            for (int j = -1; j <= 1; j++) {
                vec3 id = vec3(cell + vec2(i, j), seed + float(layer));
                vec2 off = q - cell - vec2(i, j) - vec2(hash(id + 1.0), hash(id + 2.0));
                float turn = 6.2832 * hash(id + 3.0);
                vec2 along = vec2(dot(off, vec2(cos(turn), sin(turn))), dot(off, vec2(-sin(turn), cos(turn))));
                vec2 size = vec2(0.25 + 0.4 * hash(id + 4.0), 0.06 + 0.16 * hash(id + 5.0));
                float inside = smoothstep(1.05, 0.9, max(abs(along.x) / size.x, abs(along.y) / size.y));
                float edge = 0.75 + 0.25 * smoothstep(-1.0, 0.6, along.y / size.y);
                vec3 wood = mix(vec3(0.34, 0.24, 0.14), vec3(0.66, 0.53, 0.36), hash(id + 6.0));
                color = mix(color, wood * edge * (0.55 + 0.15 * float(layer)), inside);
            }
    }
    return color;
}

vec3 paint_floor(vec3 place, float radius) {
    vec3 q = vec3(place.xy, seed * 10.0);
    float grain = 0.55 * fbm(q * 0.3) + 0.3 * fbm(q * 1.5) + 0.15 * noise(q * 12.0);
    vec3 color = bedding ? scatter_chips(place.xy) : floor_color * (1.0 + 0.9 * floor_grain * (grain - 0.48));
    float brushed = noise(vec3(place.x * 0.4, place.y * 14.0, seed)) - 0.5;  // scratches
    color *= bedding ? 1.0 : 1.0 + 0.25 * floor_grain * brushed;
    float stain = smoothstep(0.56, 0.66, fbm(vec3(place.xy * 0.22, seed * 4.0 + 9.0)));
    color *= 1.0 - 0.3 * floor_dirt * stain * vec3(0.6, 0.8, 1.4);
    for (int k = 0; k < 26; k++) {  // droppings
        float fk = float(k), angle = 6.2832 * draw_number(fk, 60.0), turn = 6.2832 * draw_number(fk, 62.0);
        vec2 off = place.xy - radius * 0.95 * sqrt(draw_number(fk, 61.0)) * vec2(cos(angle), sin(angle));
        vec2 along = vec2(dot(off, vec2(cos(turn), sin(turn))), dot(off, vec2(-sin(turn), cos(turn))));
        float inside = smoothstep(1.15, 0.85, length(along / vec2(0.26, 0.11)));
        color = mix(color, vec3(0.03, 0.024, 0.018), inside * step(fk + 0.5, 26.0 * floor_dirt));
    }
    return color;
}
