// The surroundings, far away, by direction.
uniform vec3 room_wall, room_panel;
uniform float room_lamps, room_clutter, room_blur, seed;
uniform int n_cameras;
uniform vec3 camera_centers[16];

float draw_number(float i, float j) { return hash(vec3(i + 0.37, j + 0.71, seed)); }

float turn_between(float a, float b) { return abs(atan(sin(a - b), cos(a - b))); }

vec3 draw_cameras(vec3 color, vec3 d, vec3 from) {
    for (int i = 0; i < n_cameras; i++) {
        vec3 toward = camera_centers[i] - from;
        float along = dot(toward, d);
        if (along < 20.0) continue;
        vec3 miss = toward - d * along;
        float soft = 1.0 + room_blur;
        float body = smoothstep(3.0 + soft, 3.0, max(length(miss.xy), abs(miss.z)));
        bool stands = camera_centers[i].z < 60.0;
        float legs = smoothstep(0.8 + soft, 0.8, length(miss.xy)) * (stands == (miss.z > 0.0) ? 1.0 : 0.0);
        color = mix(color, vec3(0.02), max(body, 0.85 * legs));
        color = mix(color, vec3(0.07, 0.075, 0.09), smoothstep(1.6, 1.2, length(miss)));
    }
    return color;
}

vec3 draw_clutter(vec3 color, float azimuth, float height, float soft) {
    for (int i = 0; i < 10; i++) {  // boxes, people, devices
        float k = float(i);
        float present = step(draw_number(k, 1.0), room_clutter);
        float wide = 0.04 + 0.16 * draw_number(k, 2.0), top = -0.15 + 0.6 * draw_number(k, 3.0);
        float off = turn_between(azimuth, 6.2832 * draw_number(k, 4.0));
        float edge = wide * (1.0 - 0.5 * step(6.0, k) * smoothstep(top - 0.3, top, height));  // shoulders
        float inside = smoothstep(edge + soft, edge - soft, off) * smoothstep(top + soft, top - soft, height);
        vec3 paint = mix(room_wall, room_panel, draw_number(k, 5.0)) * mix(0.15, 1.5, pow(draw_number(k, 6.0), 2.0));
        paint *= mix(vec3(1.0), vec3(draw_number(k, 7.0), draw_number(k, 8.0), draw_number(k, 9.0)), 0.5);
        color = mix(color, paint, 0.9 * present * inside);
    }
    for (int i = 0; i < 5; i++) {  // cables
        float k = float(i) + 20.0;
        float present = step(draw_number(k, 1.0), room_clutter);
        float sway = 0.15 * sin(height * (4.0 + 8.0 * draw_number(k, 2.0)) + 6.0 * draw_number(k, 3.0));
        float off = turn_between(azimuth, 6.2832 * draw_number(k, 4.0) + sway);
        color = mix(color, vec3(0.015), 0.8 * present * smoothstep(0.006 + 0.6 * soft, 0.003, off));
    }
    return color;
}

vec3 draw_room(vec3 d, vec3 from) {
    float azimuth = atan(d.y, d.x), height = d.z / max(length(d.xy), 1e-3);
    float soft = 0.008 + 0.05 * room_blur;
    vec3 around = vec3(cos(azimuth), sin(azimuth), height);
    vec3 color = mix(room_wall, room_panel, smoothstep(0.3, 0.7, fbm(around * 1.6 + seed)));
    float folds = sin(azimuth * 40.0 + 4.0 * noise(around * 3.0 + seed));
    color *= 1.0 + 0.10 * folds * step(0.5, draw_number(0.0, 50.0)) * (1.0 - 0.5 * room_blur);
    color *= 0.75 + 0.4 * smoothstep(-0.4, 0.8, height);
    for (int i = 0; i < 4; i++) {  // lit panels and windows, high up
        float k = float(i) + 40.0;
        float wide = 0.06 + 0.15 * draw_number(k, 1.0), middle = 0.30 + 0.5 * draw_number(k, 2.0);
        float off = turn_between(azimuth, 6.2832 * draw_number(k, 3.0));
        float lit = smoothstep(wide + soft, wide - soft, off) * smoothstep(0.14 + soft, 0.14 - soft, abs(height - middle));
        color += lit * room_lamps * vec3(1.0, 1.0, 0.98);
    }
    color = draw_clutter(color, azimuth, height, soft);
    return draw_cameras(color, d, from);
}
