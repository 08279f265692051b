// The room from its map, and the other cameras in front of it.
uniform sampler2D room;
uniform vec3 room_wall;
uniform float room_blur;
uniform int n_cameras;
uniform vec3 camera_centers[16];

vec3 see_room(vec3 d) {
    float elevation = atan(d.z, max(length(d.xy), 1e-6));
    return textureLod(room, vec2(atan(d.y, d.x) / 6.28318531, elevation / 3.1) + 0.5, 0.0).rgb;
}

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
