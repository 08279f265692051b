#version 330
// The surroundings, far away, by direction: columns are azimuths, rows elevations.
#include "noise.glsl"
uniform vec3 room_wall, room_panel;
uniform float room_lamps, room_clutter, room_blur;
uniform vec2 size;
layout(location = 0) out vec4 pixel;

float turn_between(float a, float b) { return abs(atan(sin(a - b), cos(a - b))); }

vec3 draw_clutter(vec3 color, float azimuth, float height, float soft) {
    for (int i = 0; i < 28; i++) {  // boxes, people, devices
        float k = float(i);
        float present = step(draw_number(k, 1.0), room_clutter);
        float wide = 0.04 + 0.16 * draw_number(k, 2.0), top = -0.15 + 0.6 * draw_number(k, 3.0);
        float off = turn_between(azimuth, 6.2832 * draw_number(k, 4.0));
        float edge = wide * (1.0 - 0.5 * step(18.0, k) * smoothstep(top - 0.3, top, height));  // shoulders
        float inside = smoothstep(edge + soft, edge - soft, off) * smoothstep(top + soft, top - soft, height);
        vec3 paint = mix(room_wall, room_panel, draw_number(k, 5.0)) * mix(0.1, 5.0, pow(draw_number(k, 6.0), 3.0));
        paint *= mix(vec3(1.0), vec3(draw_number(k, 7.0), draw_number(k, 8.0), draw_number(k, 9.0)), 0.3);
        color = mix(color, paint, 0.9 * present * inside);
    }
    for (int i = 0; i < 14; i++) {  // cables
        float k = float(i) + 70.0;
        float present = step(draw_number(k, 1.0), room_clutter);
        float sway = 0.15 * sin(height * (4.0 + 8.0 * draw_number(k, 2.0)) + 6.0 * draw_number(k, 3.0));
        float off = turn_between(azimuth, 6.2832 * draw_number(k, 4.0) + sway);
        color = mix(color, vec3(0.015), 0.8 * present * smoothstep(0.006 + 0.6 * soft, 0.003, off));
    }
    return color;
}

vec3 draw_room(float azimuth, float height) {
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
    return draw_clutter(color, azimuth, height, soft);
}

void main() {
    vec2 share = gl_FragCoord.xy / size;
    float elevation = (share.y - 0.5) * 3.1;
    pixel = vec4(draw_room((share.x - 0.5) * 6.28318531, tan(elevation)), 1.0);
}
